import { systemClock } from '#kernel/clock';
import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { HashWorkerApi } from '#contracts/hash-worker';
import type { ModelStoreApi } from '#contracts/models';
import type { ProbePort } from '#contracts/ports';
import type { MemberChoice } from '#contracts/settings';
import { badgeOf } from '../platform/app-badge.ts';
import { browserNotices } from '../platform/notices.ts';
import { onVisibility, pageVisible } from '../platform/page-visibility.ts';
import { screenWakeLock } from '../platform/screen-wake-lock.ts';
import { WORKER_SCRIPTS } from '../platform/worker-scripts.ts';
import type { Patience, WorkerSupervisor } from '../platform/worker-supervisor.ts';
import { WebFileLocks } from '../storage/model-store/web-file-locks.ts';
import { StoreLog } from '../storage/store-log.ts';
import { CatalogueModels } from './catalogue-models.ts';
import { CatalogueSource } from './catalogue-source.ts';
import { FitJudge } from './fit-judge.ts';
import { GgufModels } from './gguf-models.ts';
import { HashCompanion } from './hash-companion.ts';
import { HeldModels } from './held-models.ts';
import { ModelsService } from './models-service.ts';
import { OpenedFiles } from './opened-files.ts';
import type { ResponseCacheService } from './response-cache-service.ts';
import { SharedActivity } from './shared-activity.ts';
import { tabStore } from './tab-store.ts';
import { TransferAttendant } from './transfer-attendant.ts';

/** A write, a flush or a reservation of gigabytes holds the worker's thread for as long as a slow disk takes. */
const STORE_PATIENCE: Patience = { silenceAllowedMs: 60_000 };

export interface ModelsCompositionPorts {
  readonly supervisor: WorkerSupervisor;
  readonly device: ProbePort;
  /** Absolute URL of the page's folder. */
  readonly baseUrl: string;
  /** The seats of the council; null: the bundled models. */
  readonly chosen: () => Promise<Outcome<readonly MemberChoice[] | null>>;
  /** Told when models are fetched, hashed or checked, here or in another tab, and when that is over. */
  readonly onTransfer: (busy: boolean) => void;
  /** What models have said before. */
  readonly answers: () => Promise<Pick<ResponseCacheService, 'forgetModel'>>;
}

/** Builds what only users of the model store need. */
export function composeModels({
  supervisor,
  device,
  baseUrl,
  chosen,
  onTransfer,
  answers,
}: ModelsCompositionPorts): ModelsService {
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
  const activity = new SharedActivity(
    systemClock,
    typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('witan.models'),
  );
  activity.subscribe(() => {
    // Waiting for a network or a server takes nothing from anybody.
    onTransfer(activity.all().some(({ waiting }) => waiting === null));
  });
  const catalogue = new CatalogueSource(baseUrl);
  const { storage, locks } = navigator as Partial<Navigator>;
  return new ModelsService({
    clock: systemClock,
    log: new StoreLog(systemClock, tabStore()),
    held: new HeldModels(locks === undefined ? null : new WebFileLocks(locks)),
    seated: async () => {
      const seats = await chosen();
      return seats.ok ? ok((seats.value ?? []).map(({ id }) => id)) : seats;
    },
    startWorker: () =>
      supervisor.start<ModelStoreApi>('model store', WORKER_SCRIPTS.modelStore, STORE_PATIENCE),
    // It hashes while the storage worker writes.
    hashing: new HashCompanion(() =>
      supervisor.start<HashWorkerApi>('hashes', WORKER_SCRIPTS.hash, STORE_PATIENCE),
    ),
    catalogue: new CatalogueModels(new GgufModels((signal) => catalogue.gguf(signal), baseUrl), (signal) =>
      catalogue.webLlm(signal),
    ),
    activity,
    judge: new FitJudge(device),
    opened: new OpenedFiles(),
    notices,
    attendant,
    onReplaced: (modelId) => {
      answers().then(
        (kept) => kept.forgetModel(modelId),
        // Its code did not come. The answers are kept under the very weights that gave them: other weights find none.
        () => undefined,
      );
    },
    storage: storage ?? null,
  });
}
