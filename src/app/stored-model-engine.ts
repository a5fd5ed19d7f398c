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
  Pacing,
  TokenChunk,
} from '#contracts/engine';
import { failure, failureOf, type Outcome } from '#contracts/errors';
import type { HeldFiles, OpenModel } from './held-models.ts';

/**
 * An engine for models of the model store: asks it for the files, then loads these, and holds them until the model is
 * unloaded.
 */
export class StoredModelEngine implements Engine {
  readonly #inner: Engine;
  readonly #open: OpenModel;
  #held: HeldFiles | null = null;
  /** Counts what ends a load. */
  #epoch = 0;

  constructor(inner: Engine, open: OpenModel) {
    this.#inner = inner;
    this.#open = open;
  }

  get kind(): EngineKind {
    return this.#inner.kind;
  }

  /** Errors: those of the store (model-invalid with reason `chunk`: repair it), cancelled, and those of the engine. */
  async load(
    signal: AbortSignal,
    options: LoadOptions,
    onProgress?: (progress: LoadProgress) => void,
  ): Promise<Outcome<LoadedModel>> {
    const { model } = options;
    if (model.format !== 'stored') return this.#inner.load(signal, options, onProgress);
    this.letGo();
    const files = signal.aborted
      ? null
      : await untilAborted(this.#files(model.id, this.#epoch, signal), signal);
    if (files === null) return err(failure('cancelled', { model: model.name }));
    if (!files.ok) return files;
    const loading = { ...options, model: { ...model, files: files.value } };
    const loaded = await this.#inner.load(signal, loading, onProgress);
    if (!loaded.ok) this.letGo();
    return loaded;
  }

  /** Nobody reads the model's files any more: it is unloaded, or its worker is gone. */
  letGo(): void {
    this.#epoch += 1;
    this.#held?.release();
    this.#held = null;
  }

  /** The code of the store is fetched with its first use, which may fail. */
  async #files(modelId: string, epoch: number, signal: AbortSignal): Promise<Outcome<readonly Blob[]>> {
    try {
      const opened = await this.#open(modelId);
      if (!opened.ok) return opened;
      // Too late: nobody waits for them any more, and nobody would give them back.
      if (signal.aborted || epoch !== this.#epoch) {
        opened.value.release();
        return err(failure('cancelled'));
      }
      this.#held = opened.value;
      return ok(opened.value.files);
    } catch (thrown) {
      return err(failureOf(thrown));
    }
  }

  generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>> {
    return this.#inner.generate(signal, request, onChunk);
  }

  setPacing(pacing: Pacing): void {
    this.#inner.setPacing(pacing);
  }

  async unload(): Promise<void> {
    try {
      await this.#inner.unload();
    } finally {
      this.letGo();
    }
  }
}
