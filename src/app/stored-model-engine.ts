import { err } from '#kernel/result';
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

/** Hands out the files of a model, each part compared with what was written. */
export type ReadModel = (modelId: string) => Promise<Outcome<readonly Blob[]>>;

/** An engine for models of the model store: asks it for the files, then loads these. */
export class StoredModelEngine implements Engine {
  readonly #inner: Engine;
  readonly #read: ReadModel;

  constructor(inner: Engine, read: ReadModel) {
    this.#inner = inner;
    this.#read = read;
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
    const files = signal.aborted ? null : await untilAborted(this.#files(model.id), signal);
    if (files === null) return err(failure('cancelled', { model: model.name }));
    if (!files.ok) return files;
    return this.#inner.load(signal, { ...options, model: { ...model, files: files.value } }, onProgress);
  }

  /** The code of the store is fetched with its first use, which may fail. */
  async #files(modelId: string): Promise<Outcome<readonly Blob[]>> {
    try {
      return await this.#read(modelId);
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

  unload(): Promise<void> {
    return this.#inner.unload();
  }
}
