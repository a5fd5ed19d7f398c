import { err } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import type { ModelSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { InferenceWorkerApi } from '#contracts/worker-api';
import type { WorkerFactory, WorkerHandle } from '#contracts/worker-handle';

/** To read what a store holds; a list of files that is fetched for it is some hundred KB. */
const ANSWER_DEADLINE_MS = 60_000;

/**
 * What an engine keeps of its models' files, changed without loading any: each call has a worker of its own,
 * which alone may reach the models' hosts, and which ends with the call. So it is safe beside a member that runs.
 */
export class ModelFiles {
  readonly #launch: WorkerFactory<InferenceWorkerApi>;

  constructor(launch: WorkerFactory<InferenceWorkerApi>) {
    this.#launch = launch;
  }

  /**
   * Frees the space. A model in memory stays there.
   * @param others models whose compiled code, which some have in common, must stay
   * Errors: storage-failed, model-invalid, request-unsupported, worker-lost, deadline-exceeded, cancelled.
   */
  remove(
    signal: AbortSignal,
    model: ModelSource,
    others: readonly ModelSource[] = [],
  ): Promise<Outcome<null>> {
    return this.#ask(signal, model, (api) => api.removeModel?.(model, 'all', others));
  }

  async #ask<T>(
    signal: AbortSignal,
    model: ModelSource,
    use: (api: InferenceWorkerApi) => Promise<Outcome<T>> | undefined,
  ): Promise<Outcome<T>> {
    const cancelled = failure('cancelled', { model: model.name });
    if (signal.aborted) return err(cancelled);
    const worker: WorkerHandle<InferenceWorkerApi> = this.#launch(`files of ${model.name}`);
    const unsupported = err(failure('request-unsupported', { model: model.name, reason: model.format }));
    const answer = worker.call(ANSWER_DEADLINE_MS, (api) => use(api) ?? Promise.resolve(unsupported));
    const answered = await untilAborted(answer, signal);
    worker.terminate(cancelled);
    return answered ?? err(cancelled);
  }
}
