import { systemClock } from '#kernel/clock';
import type { SyntheticWorkerApi } from '#contracts/capacity';
import type { ProbePort } from '#contracts/ports';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { onVisibility, pageVisible } from '../platform/page-visibility.ts';
import { WORKER_SCRIPTS } from '../platform/worker-scripts.ts';
import type { WorkerSupervisor } from '../platform/worker-supervisor.ts';
import type { WitanDatabase } from '../storage/database.ts';
import { PredictionStore } from '../storage/prediction-store.ts';
import { SpeedMeasurementStore } from '../storage/speed-measurement-store.ts';
import { CapacityService } from './capacity-service.ts';
import { CatalogueSource } from './catalogue-source.ts';
import type { CouncilService } from './council-service.ts';
import type { ModelsService } from './models-service.ts';

export interface CapacityCompositionPorts {
  readonly supervisor: WorkerSupervisor;
  readonly device: ProbePort;
  readonly council: Pick<CouncilService, 'about' | 'exclusively'>;
  readonly models: () => Promise<ModelsService>;
  readonly database: Promise<WitanDatabase | null>;
  readonly threads: () => number;
  /** Absolute URL of the page's folder. */
  readonly baseUrl: string;
}

/** Builds what only those need who want to know what this device can run. */
export function composeCapacity(ports: CapacityCompositionPorts): CapacityService {
  const { supervisor, device, council, models, database, threads, baseUrl } = ports;
  return new CapacityService({
    clock: systemClock,
    device,
    models,
    threads,
    catalogue: new CatalogueSource(baseUrl),
    starter: (signal) => council.about(signal),
    exclusively: (signal, task) => council.exclusively(signal, task),
    speeds: database.then((opened) => new SpeedMeasurementStore(opened)),
    predictions: database.then((opened) => new PredictionStore(opened)),
    startBuilder: (name) => supervisor.start<SyntheticWorkerApi>(name, WORKER_SCRIPTS.synthetic),
    startEngine: (name) => supervisor.start<InferenceWorkerApi>(name, WORKER_SCRIPTS.wllama),
    visible: pageVisible,
    onVisibility,
    userAgent: navigator.userAgent,
  });
}
