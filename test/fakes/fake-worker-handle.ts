import { err } from '#kernel/result';
import type { Outcome, WitanFailure } from '#contracts/errors';
import type { WorkerHandle } from '#contracts/worker-handle';

/** A handle straight to an api in this thread. As the supervisor's, its calls settle when it is terminated. */
export class FakeWorkerHandle<Api> implements WorkerHandle<Api> {
  readonly name = 'alder';
  readonly #api: Api;
  readonly #lostListeners = new Set<(reason: WitanFailure) => void>();
  lost: WitanFailure | null = null;
  deadlines: (number | null)[] = [];

  constructor(api: Api) {
    this.#api = api;
  }

  get alive(): boolean {
    return this.lost === null;
  }

  call<T>(deadlineMs: number | null, use: (api: Api) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    if (this.lost !== null) return Promise.resolve(err(this.lost));
    this.deadlines.push(deadlineMs);
    return new Promise((resolve) => {
      this.onLost((reason) => {
        resolve(err(reason));
      });
      void use(this.#api).then(resolve);
    });
  }

  onLost(listener: (reason: WitanFailure) => void): () => void {
    this.#lostListeners.add(listener);
    return () => this.#lostListeners.delete(listener);
  }

  terminate(reason: WitanFailure): void {
    if (this.lost !== null) return;
    this.lost = reason;
    for (const listener of [...this.#lostListeners]) listener(reason);
  }
}
