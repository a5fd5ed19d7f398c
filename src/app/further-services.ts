import type { Clock } from '#kernel/clock';
import type { Outcome } from '#contracts/errors';
import type { MetricWriter } from '#contracts/metrics';
import type { ProbePort } from '#contracts/ports';
import type { RemoteWorkerApi } from '#contracts/worker-api';
import { IdleSignal, pageIdleSources } from '../platform/idle-signal.ts';
import { pageVisible } from '../platform/page-visibility.ts';
import { cpuPressure } from '../platform/pressure-watch.ts';
import { WORKER_SCRIPTS } from '../platform/worker-scripts.ts';
import type { WorkerSupervisor } from '../platform/worker-supervisor.ts';
import type { WitanDatabase } from '../storage/database.ts';
import { SettingsStore } from '../storage/settings-store.ts';
import { CatalogueSource } from './catalogue-source.ts';
import { FurtherMembers } from './further-members.ts';
import type { ModelsService } from './models-service.ts';
import { ReadingAhead, type ReadingAheadPorts } from './reading-ahead.ts';
import { RemoteService } from './remote-service.ts';
import { SettingsService } from './settings-service.ts';

export interface FurtherServicesPorts {
  readonly clock: Clock;
  readonly supervisor: WorkerSupervisor;
  readonly device: ProbePort;
  readonly database: Promise<WitanDatabase | null>;
  readonly models: () => Promise<ModelsService>;
  readonly reappoint: (signal: AbortSignal) => Promise<Outcome<null>>;
  readonly metrics: MetricWriter;
  /** It is there by the time that this code is. */
  readonly council: () => ReadingAheadPorts['council'];
  /** Absolute URL of the page's folder. */
  readonly baseUrl: string;
}

export interface FurtherServices {
  readonly settings: SettingsService;
  readonly members: FurtherMembers;
  readonly remote: RemoteService;
}

/** Builds what only users of other models than the bundled ones need. */
export async function furtherServices(
  ports: FurtherServicesPorts,
  onChange: () => void,
): Promise<FurtherServices> {
  const { clock, supervisor, device, baseUrl, reappoint, metrics, council } = ports;
  const store = new SettingsStore(await ports.database);
  const catalogue = new CatalogueSource(baseUrl);
  const remote = new RemoteService({
    clock,
    database: ports.database,
    startWorker: (name) => supervisor.start<RemoteWorkerApi>(name, WORKER_SCRIPTS.remote),
  });
  const ahead = new ReadingAhead({
    clock,
    metrics,
    idle: new IdleSignal(
      clock,
      pageIdleSources(pageVisible, () => cpuPressure.state()),
    ),
    council: council(),
  });
  const members = new FurtherMembers({
    clock,
    ahead,
    supervisor,
    device,
    catalogue,
    remote,
    models: ports.models,
    threads: () => (crossOriginIsolated ? navigator.hardwareConcurrency : 1),
    builtInAllowed: async () => {
      const settings = await store.read();
      return settings.ok && settings.value.builtInAllowed;
    },
  });
  return {
    remote,
    members,
    settings: new SettingsService({
      clock,
      store,
      catalogue,
      device,
      models: ports.models,
      reappoint,
      onChange,
      removeFiles: (signal, modelId) => members.removeFiles(signal, modelId),
    }),
  };
}
