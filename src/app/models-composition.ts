import { systemClock } from '#kernel/clock';
import type { ModelStoreApi } from '#contracts/models';
import { WORKER_SCRIPTS } from '../platform/worker-scripts.ts';
import type { Patience, WorkerSupervisor } from '../platform/worker-supervisor.ts';
import { CatalogueModels } from './catalogue-models.ts';
import { CatalogueSource } from './catalogue-source.ts';
import { GgufModels } from './gguf-models.ts';
import { ModelsService } from './models-service.ts';
import { SharedActivity } from './shared-activity.ts';

/** A write, a flush or a reservation of gigabytes holds the worker's thread for as long as a slow disk takes. */
const STORE_PATIENCE: Patience = { silenceAllowedMs: 60_000 };

/**
 * Builds what only users of the model store need.
 * @param baseUrl absolute URL of the page's folder
 */
export function composeModels(supervisor: WorkerSupervisor, baseUrl: string): ModelsService {
  const catalogue = new CatalogueSource(baseUrl);
  const { storage } = navigator as Partial<Navigator>;
  return new ModelsService({
    startWorker: () =>
      supervisor.start<ModelStoreApi>('model store', WORKER_SCRIPTS.modelStore, STORE_PATIENCE),
    catalogue: new CatalogueModels(new GgufModels((signal) => catalogue.gguf(signal), baseUrl), (signal) =>
      catalogue.webLlm(signal),
    ),
    activity: new SharedActivity(
      systemClock,
      typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('witan.models'),
    ),
    storage: storage ?? null,
  });
}
