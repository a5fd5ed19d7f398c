import type { Clock } from '#kernel/clock';
import { err } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import type {
  Engine,
  GenerateRequest,
  Generation,
  LoadedModel,
  LoadOptions,
  Pacing,
  TokenChunk,
} from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { RemoteConfiguration } from '#contracts/remote';
import type { RemoteWorkerApi } from '#contracts/worker-api';
import type { WorkerHandle } from '#contracts/worker-handle';
import { WorkerEngine } from '../engines/worker-engine.ts';

/** The first call waits for the worker's script too, which may come over a slow line. */
export const FIRST_CALL_MS = 60_000;

/** A remote member in a worker of its own, which is told servers and keys before each load. */
export class RemoteMemberEngine implements Engine {
  readonly kind = 'remote';
  readonly #worker: WorkerHandle<RemoteWorkerApi>;
  readonly #engine: WorkerEngine;
  readonly #configuration: () => Promise<Outcome<RemoteConfiguration>>;

  constructor(
    worker: WorkerHandle<RemoteWorkerApi>,
    clock: Clock,
    configuration: () => Promise<Outcome<RemoteConfiguration>>,
  ) {
    this.#worker = worker;
    this.#engine = new WorkerEngine('remote', worker, clock);
    this.#configuration = configuration;
  }

  /** Errors: those of the engine in the worker, member-unknown, record-invalid, storage-failed. */
  async load(signal: AbortSignal, options: LoadOptions): Promise<Outcome<LoadedModel>> {
    const told = await untilAborted(this.#tell(), signal);
    if (told === null) return err(failure('cancelled', { member: this.#worker.name }));
    return told.ok ? this.#engine.load(signal, options) : told;
  }

  /**
   * Tells what changed to a worker that runs. One whose member was removed must not go on with its keys: it is ended.
   * @returns why it was, null while it goes on
   */
  async tellAgain(): Promise<WitanFailure | null> {
    const told = await this.#tell();
    if (told.ok || told.error.code !== 'member-unknown') return null;
    await this.unload();
    return told.error;
  }

  async #tell(): Promise<Outcome<null>> {
    const configuration = await this.#configuration();
    if (!configuration.ok) return configuration;
    return this.#worker.call(FIRST_CALL_MS, (api) => api.configure(configuration.value));
  }

  generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>> {
    return this.#engine.generate(signal, request, onChunk);
  }

  setPacing(pacing: Pacing): void {
    this.#engine.setPacing(pacing);
  }

  unload(): Promise<void> {
    return this.#engine.unload();
  }
}
