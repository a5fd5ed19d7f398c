import { systemClock } from '#kernel/clock';
import type { SyntheticWorkerApi } from '#contracts/capacity';
import type { Outcome } from '#contracts/errors';
import type { MlcTwinWorkerApi } from '#contracts/mlc-twin';
import type { CalibrationPort, ProbePort } from '#contracts/ports';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import { onVisibility, pageVisible } from '../platform/page-visibility.ts';
import { WEB_LLM_PATIENCE, WORKER_SCRIPTS } from '../platform/worker-scripts.ts';
import type { WorkerSupervisor } from '../platform/worker-supervisor.ts';
import type { WitanDatabase } from '../storage/database.ts';
import { ModelMeasurementStore } from '../storage/model-measurement-store.ts';
import { PredictionStore } from '../storage/prediction-store.ts';
import { SpeedMeasurementStore } from '../storage/speed-measurement-store.ts';
import { CapacityService, QUESTION } from './capacity-service.ts';
import { CatalogueSource } from './catalogue-source.ts';
import type { CouncilService } from './council-service.ts';
import type { ModelsService } from './models-service.ts';
import { WebLlmSpeeds } from './web-llm-speeds.ts';

export interface CapacityCompositionPorts {
  readonly supervisor: WorkerSupervisor;
  readonly device: ProbePort;
  readonly council: Pick<CouncilService, 'about' | 'exclusively' | 'members'>;
  readonly calibration: () => Pick<CalibrationPort, 'latest'>;
  readonly models: () => Promise<ModelsService>;
  readonly database: Promise<WitanDatabase | null>;
  readonly threads: () => number;
  /** Absolute URL of the page's folder. */
  readonly baseUrl: string;
}

/** Builds what only those need who want to know what this device can run. */
export function composeCapacity(ports: CapacityCompositionPorts): CapacityService {
  const { supervisor, device, council, calibration, models, database, threads, baseUrl } = ports;
  const catalogue = new CatalogueSource(baseUrl);
  const shared = {
    clock: systemClock,
    catalogue,
    models,
    exclusively: <T>(signal: AbortSignal, task: () => Promise<Outcome<T>>) =>
      council.exclusively(signal, task),
    visible: pageVisible,
    onVisibility,
    userAgent: navigator.userAgent,
  };
  return new CapacityService({
    ...shared,
    device,
    threads,
    starter: (signal) => council.about(signal),
    calibration,
    seated: () => council.members(),
    webLlmSpeeds: new WebLlmSpeeds(
      {
        ...shared,
        measurements: database.then((opened) => new ModelMeasurementStore(opened)),
        startBuilder: (name) => supervisor.start<MlcTwinWorkerApi>(name, WORKER_SCRIPTS.synthetic),
        startEngine: (name) =>
          supervisor.start<InferenceWorkerApi>(name, WORKER_SCRIPTS.webLlm, WEB_LLM_PATIENCE),
      },
      QUESTION,
    ),
    speeds: database.then((opened) => new SpeedMeasurementStore(opened)),
    predictions: database.then((opened) => new PredictionStore(opened)),
    startBuilder: (name) => supervisor.start<SyntheticWorkerApi>(name, WORKER_SCRIPTS.synthetic),
    startEngine: (name) => supervisor.start<InferenceWorkerApi>(name, WORKER_SCRIPTS.wllama),
  });
}
