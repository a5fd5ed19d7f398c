import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import type {
  Engine,
  EngineKind,
  GenerateRequest,
  Generation,
  LoadedModel,
  LoadOptions,
  LoadProgress,
  MlcSource,
  ModelArtifact,
  Pacing,
  TokenChunk,
} from '#contracts/engine';
import { failure, failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { MlcBringing, ModelProgress } from '#contracts/models';
import type { HeldFiles } from './held-models.ts';
import type { ModelsService } from './models-service.ts';

/** The model store, as far as this engine needs it. */
export type MlcStore = Pick<ModelsService, 'mlcListing' | 'bringMlc' | 'openMlc' | 'pause'>;

export interface StoredWebLlmPorts {
  readonly inner: Engine;
  /** Its code is fetched with its first use. */
  readonly store: () => Promise<MlcStore>;
  /** See `InferenceWorkerApi.canRun`. */
  readonly canRun: (model: MlcSource, largestTensorBytes: number | null) => Promise<Outcome<null>>;
}

type OnProgress = (progress: LoadProgress) => void;

/** One load and what belongs to it. */
interface Plan {
  readonly signal: AbortSignal;
  readonly model: MlcSource;
  readonly options: LoadOptions;
  readonly onProgress: OnProgress | undefined;
}

/**
 * web-llm over the model store: has the files of a model brought there, with the user's yes, then proved, and loads these.
 * What this device cannot run is found out before the weights are fetched.
 */
export class StoredWebLlmEngine implements Engine {
  readonly #ports: StoredWebLlmPorts;
  /** Aborts when the engine is unloaded: a download that nobody waits for any more stops. */
  #life = new AbortController();
  /** The files of the model that is loaded, or being loaded. */
  #held: HeldFiles<ModelArtifact> | null = null;

  constructor(ports: StoredWebLlmPorts) {
    this.#ports = ports;
  }

  get kind(): EngineKind {
    return this.#ports.inner.kind;
  }

  /** Errors: those of the store, model-downloading, and those of the engine. What has come of a download is kept. */
  async load(
    signal: AbortSignal,
    options: LoadOptions,
    onProgress?: OnProgress,
  ): Promise<Outcome<LoadedModel>> {
    const { model } = options;
    if (model.format !== 'mlc') return this.#ports.inner.load(signal, options, onProgress);
    this.letGo();
    const ended = AbortSignal.any([signal, this.#life.signal]);
    const loaded = await this.#load({ signal: ended, model, options, onProgress }).catch(
      (thrown: unknown) => err(failureOf(thrown)), // the code of the store could not be fetched
    );
    if (!loaded.ok) this.letGo();
    return loaded;
  }

  async #load(plan: Plan): Promise<Outcome<LoadedModel>> {
    const { model, options } = plan;
    const mayFetch = options.download === true;
    const able = await this.#step(plan, () => this.#ports.canRun(model, null));
    if (!able.ok) return able;
    const listing = await this.#stoppable(plan, (store) => store.mlcListing(model, mayFetch));
    if (!listing.ok) return listing;
    const { complete, largestTensorBytes } = listing.value;
    const fits = await this.#step(plan, () => this.#ports.canRun(model, largestTensorBytes));
    if (!fits.ok) return fits;
    let files = complete ? await this.#read(plan) : null;
    if (files === null || isRotten(files)) files = await this.#brought(plan, { mayFetch });
    if (!files.ok) return files;
    const first = await this.#hand(plan, files.value);
    if (first.ok) return first;
    const anew = ofNoUse(first.error);
    if (anew === null || plan.signal.aborted) return first;
    this.letGo();
    // The user's yes was to this model: a library that has grown too old is replaced within it, other files are not.
    const again = await this.#brought(plan, { mayFetch: mayFetch || anew === 'library', anew });
    if (!again.ok) return again.error.code === 'consent-required' ? first : again;
    return this.#hand(plan, again.value);
  }

  async #brought(plan: Plan, how: MlcBringing): Promise<Outcome<readonly ModelArtifact[]>> {
    const { model, onProgress } = plan;
    const tell = ({ doneBytes, totalBytes }: ModelProgress): void => {
      if (plan.signal.aborted || totalBytes === null || totalBytes === 0) return;
      onProgress?.({ phase: 'fetch', fraction: Math.min(1, doneBytes / totalBytes), bytes: doneBytes });
    };
    const brought = await this.#stoppable(plan, (store) => store.bringMlc(model, how, tell));
    return brought.ok ? this.#read(plan) : brought;
  }

  /** Proved, and held until they are let go. */
  #read(plan: Plan): Promise<Outcome<readonly ModelArtifact[]>> {
    return this.#step(plan, async () => {
      const opened = await (await this.#ports.store()).openMlc(plan.model.id);
      if (!opened.ok) return opened;
      if (plan.signal.aborted) {
        opened.value.release(); // Nobody waits for them any more, and nobody would give them back.
        return err(failure('cancelled', { model: plan.model.name }));
      }
      this.#held = opened.value;
      return ok(opened.value.files);
    });
  }

  /** Nobody reads the model's files any more: it is unloaded, or its worker is gone. */
  letGo(): void {
    this.#held?.release();
    this.#held = null;
  }

  #hand(
    { signal, options, model, onProgress }: Plan,
    files: readonly ModelArtifact[],
  ): Promise<Outcome<LoadedModel>> {
    return this.#ports.inner.load(signal, { ...options, model: { ...model, files } }, onProgress);
  }

  /** Work of the store that goes on until it is stopped. */
  async #stoppable<T>(plan: Plan, work: (store: MlcStore) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const { signal, model } = plan;
    const store = await this.#ports.store();
    if (signal.aborted) return err(failure('cancelled', { model: model.name }));
    const onAbort = (): void => void store.pause(model.id);
    signal.addEventListener('abort', onAbort, { once: true });
    const done = await this.#step(plan, () => work(store));
    signal.removeEventListener('abort', onAbort);
    return done;
  }

  /** An abort is answered at once. */
  async #step<T>({ signal, model }: Plan, work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const done = signal.aborted ? null : await untilAborted(work(), signal);
    return done ?? err(failure('cancelled', { model: model.name }));
  }

  generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>> {
    return this.#ports.inner.generate(signal, request, onChunk);
  }

  setPacing(pacing: Pacing): void {
    this.#ports.inner.setPacing(pacing);
  }

  async unload(): Promise<void> {
    this.#life.abort();
    this.#life = new AbortController();
    try {
      await this.#ports.inner.unload();
    } finally {
      this.letGo();
    }
  }
}

/** Chunks of what was whole no longer match: they can be fetched again. */
const isRotten = (read: Outcome<unknown>): boolean =>
  !read.ok && read.error.code === 'model-invalid' && read.error.details['reason'] === 'chunk';

/** What of a model's files, although they are as they were fetched, web-llm cannot use. */
function ofNoUse({ code, details }: WitanFailure): 'library' | 'small' | null {
  // A library of another generation does not link; what is kept may be older than what its address holds today.
  if (code === 'engine-incompatible') return details['reason'] === 'internals' ? null : 'library';
  return code === 'model-invalid' ? 'small' : null;
}
