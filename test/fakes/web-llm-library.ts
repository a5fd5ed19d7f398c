import { systemClock, type Clock } from '#kernel/clock';
import { ok } from '#kernel/result';
import type { Engine, LoadOptions, MlcSource } from '#contracts/engine';
import type { HashWorkerApi } from '#contracts/hash-worker';
import type { ModelStoreApi } from '#contracts/models';
import type { WorkerHandle } from '#contracts/worker-handle';
import { HashCompanion } from '../../src/app/hash-companion.ts';
import { HeldModels } from '../../src/app/held-models.ts';
import { ModelsService } from '../../src/app/models-service.ts';
import { OpenedFiles } from '../../src/app/opened-files.ts';
import { SharedActivity } from '../../src/app/shared-activity.ts';
import { StoredWebLlmEngine, type MlcStore } from '../../src/app/stored-web-llm-engine.ts';
import { WorkerEngine } from '../../src/engines/worker-engine.ts';
import { WEB_LLM_PATIENCE, WORKER_SCRIPTS } from '../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';
import { WebFileLocks } from '../../src/storage/model-store/web-file-locks.ts';
import { StoreLog } from '../../src/storage/store-log.ts';
import { NO_NOTICES } from './models-port.ts';
import type { BreakableApi } from './web-llm-breakable.worker.ts';
import breakableScript from './web-llm-breakable.worker.ts?worker&url';
import storeScript from './web-llm-library-store.worker.ts?worker&url';
import { emptyCaches, serveSyntheticModel, type SyntheticModel } from './web-llm-synthetic-model.ts';

/** Path of a real model library; undefined where the tests that need one are skipped. */
export const LIBRARY_PATH = import.meta.env['WITAN_WEBLLM_LIBRARY'] as string | undefined;
export const NEVER = new AbortController().signal;
/** Nobody answers there but the stand-in of the store's worker. Without `/resolve/`, which web-llm would add by itself. */
export const WEIGHTS_URL = 'https://models.witan.invalid/synthetic/';
export const LIBRARY_URL = 'https://models.witan.invalid/library.wasm';

/** Limits for answers are made for GPUs, and a software one is a hundred times slower. The heartbeat's are not changed. */
export const patientClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  epochMs: () => systemClock.epochMs(),
  after: (delayMs, task) => systemClock.after(delayMs * 100, task),
};

export interface Started {
  readonly engine: Engine;
  readonly worker: WorkerHandle<BreakableApi>;
}

/** The app's own service over the real store, in a worker that reaches no network. */
function openModels(): ModelsService {
  const supervisor = new WorkerSupervisor(systemClock);
  const nothing = () => Promise.reject(new Error('there is no catalogue'));
  return new ModelsService({
    clock: systemClock,
    log: new StoreLog(systemClock, null),
    held: new HeldModels(new WebFileLocks(navigator.locks)),
    seated: () => Promise.resolve(ok([])),
    hashing: new HashCompanion(() => supervisor.start<HashWorkerApi>('hashes', WORKER_SCRIPTS.hash)),
    judge: { fit: nothing },
    opened: new OpenedFiles(),
    notices: NO_NOTICES,
    onReplaced: () => undefined,
    attendant: { changed: () => undefined, downloadEnded: () => undefined },
    startWorker: () => supervisor.start<ModelStoreApi>('store', storeScript, { silenceAllowedMs: 60_000 }),
    catalogue: { offers: nothing, request: nothing },
    activity: new SharedActivity(systemClock, null),
    storage: null,
  });
}

/** Up to 0.2.79 web-llm asked for the list of tensors under its first name. */
const withFirstName = (models: ModelsService): MlcStore => ({
  mlcListing: (...given) => models.mlcListing(...given),
  bringMlc: (...given) => models.bringMlc(...given),
  pause: (id) => models.pause(id),
  openMlc: async (id) => {
    const opened = await models.openMlc(id);
    if (!opened.ok) return opened;
    const { files, release } = opened.value;
    const lists = files.filter(({ url }) => url.endsWith('/tensor-cache.json'));
    const renamed = lists.map(({ url, file }) => ({ url: url.replace('tensor-', 'ndarray-'), file }));
    return ok({ files: [...files, ...renamed], release });
  },
});

/** The real engine over the real store, the real supervisor and the real worker's host, and a model of random weights for it. */
export class LibraryHarness {
  readonly synthetic: SyntheticModel;
  readonly options: LoadOptions<MlcSource>;
  readonly models = openModels();
  readonly #running: Started[] = [];

  private constructor(synthetic: SyntheticModel, options: LoadOptions<MlcSource>) {
    this.synthetic = synthetic;
    this.options = options;
  }

  static async prepare(path: string): Promise<LibraryHarness> {
    const response = await fetch(`/@fs${path}`);
    if (!response.ok) throw new Error(`${path} cannot be read: ${response.status}`);
    await emptyCaches();
    const wasm = new Uint8Array(await response.arrayBuffer());
    const synthetic = await serveSyntheticModel(wasm, WEIGHTS_URL, LIBRARY_URL);
    tell('library', { path, ...synthetic });
    const model: MlcSource = {
      format: 'mlc',
      id: 'synthetic',
      name: 'Synthetic',
      weightsUrl: WEIGHTS_URL,
      libraryUrl: LIBRARY_URL,
      sizeBytes: synthetic.weightBytes,
      requiredFeatures: /f16/.test(path) ? ['shader-f16'] : [],
      overrides: {},
    };
    const { contextTokens } = synthetic;
    const options = { model, threads: 1, contextTokens, slots: 1, download: true };
    const harness = new LibraryHarness(synthetic, options);
    // Of the test file before.
    await harness.models.remove(model.id);
    return harness;
  }

  start(): Started {
    const worker = new WorkerSupervisor(systemClock).start<BreakableApi>(
      'synthetic',
      breakableScript,
      WEB_LLM_PATIENCE,
    );
    const engine = new StoredWebLlmEngine({
      inner: new WorkerEngine('web-llm', worker, patientClock),
      store: () => Promise.resolve(withFirstName(this.models)),
      canRun: (model, bytes) =>
        worker.call(null, (api) => api.canRun?.(model, bytes) ?? Promise.resolve(ok(null))),
    });
    const started = { worker, engine };
    this.#running.push(started);
    return started;
  }

  async end(): Promise<void> {
    for (const { engine } of this.#running) await engine.unload();
  }
}

/** One line of the record that a run leaves. */
export function tell(what: string, value: unknown): void {
  console.log(JSON.stringify({ what, value }));
}

/** Says how long the worker's thread was busy at one go since the last time, ms. */
export async function tellBlock(what: string, { worker }: Started): Promise<void> {
  const block = await worker.call(null, (api) => api.longestBlock());
  tell('longest block', { while: what, ms: block.ok ? block.value : block.error.code });
}
