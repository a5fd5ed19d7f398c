import { systemClock } from '#kernel/clock';
import type { ModelStoreApi } from '#contracts/models';
import type { DevicePort } from '#contracts/ports';
import { badgeOf } from '../platform/app-badge.ts';
import { browserNotices } from '../platform/notices.ts';
import { onVisibility, pageVisible } from '../platform/page-visibility.ts';
import { screenWakeLock } from '../platform/screen-wake-lock.ts';
import { WORKER_SCRIPTS } from '../platform/worker-scripts.ts';
import type { Patience, WorkerSupervisor } from '../platform/worker-supervisor.ts';
import { CatalogueSource } from './catalogue-source.ts';
import { FitJudge } from './fit-judge.ts';
import { GgufModels } from './gguf-models.ts';
import { ModelsService } from './models-service.ts';
import { OpenedFiles } from './opened-files.ts';
import { SharedActivity } from './shared-activity.ts';
import { TransferAttendant } from './transfer-attendant.ts';

/** A write, a flush or a reservation of gigabytes holds the worker's thread for as long as a slow disk takes. */
const STORE_PATIENCE: Patience = { silenceAllowedMs: 60_000 };

/**
 * Builds what only users of the model store need.
 * @param baseUrl absolute URL of the page's folder
 */
export function composeModels(
  supervisor: WorkerSupervisor,
  device: DevicePort,
  baseUrl: string,
): ModelsService {
  const notices = browserNotices();
  const attendant = new TransferAttendant({
    wakeLock: screenWakeLock({ visible: pageVisible, onVisibility }),
    badge: badgeOf(navigator),
    notices,
    visible: pageVisible,
  });
  addEventListener('pagehide', () => {
    attendant.leave();
  });
  const catalogue = new CatalogueSource(baseUrl);
  const { storage } = navigator as Partial<Navigator>;
  return new ModelsService({
    startWorker: () =>
      supervisor.start<ModelStoreApi>('model store', WORKER_SCRIPTS.modelStore, STORE_PATIENCE),
    catalogue: new GgufModels((signal) => catalogue.gguf(signal), baseUrl),
    activity: new SharedActivity(
      systemClock,
      typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('witan.models'),
    ),
    judge: new FitJudge(device),
    opened: new OpenedFiles(),
    notices,
    attendant,
    storage: storage ?? null,
  });
}
