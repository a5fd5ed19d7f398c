import * as Comlink from 'comlink';
import { failure } from '#contracts/errors';
import type { HashWorkerApi } from '#contracts/hash-worker';
import type { ModelStoreApi } from '#contracts/models';
import type { WorkerHandle } from '#contracts/worker-handle';

/**
 * A worker that hashes whole files beside the storage worker: there while something is brought into the store, and not
 * missed where it cannot be started or dies. The two speak on a port of their own.
 */
export class HashCompanion {
  readonly #start: () => WorkerHandle<HashWorkerApi>;
  #joined: {
    readonly store: WorkerHandle<ModelStoreApi>;
    readonly hash: WorkerHandle<HashWorkerApi>;
  } | null = null;
  #works = 0;

  constructor(start: () => WorkerHandle<HashWorkerApi>) {
    this.#start = start;
  }

  /** @param work calls of `store`, made at once */
  async during<T>(store: WorkerHandle<ModelStoreApi>, work: () => Promise<T>): Promise<T> {
    this.#works += 1;
    try {
      // Calls arrive in their order: the store has its port before the first file is begun.
      if (this.#joined?.store !== store || !this.#joined.hash.alive) this.#tryToJoin(store);
      return await work();
    } finally {
      this.#works -= 1;
      if (this.#works === 0) this.#end();
    }
  }

  /** Where the browser starts no further worker, the storage worker hashes by itself. */
  #tryToJoin(store: WorkerHandle<ModelStoreApi>): void {
    try {
      this.#join(store);
    } catch {
      this.#end();
    }
  }

  #join(store: WorkerHandle<ModelStoreApi>): void {
    this.#end();
    const hash = this.#start();
    const { port1, port2 } = new MessageChannel();
    this.#joined = { store, hash };
    void hash.call(null, (api) => api.serve(Comlink.transfer(port1, [port1])));
    void store.call(null, (api) => api.hashBeside(Comlink.transfer(port2, [port2])));
    hash.onLost(() => {
      void store.call(null, (api) => api.hashBeside(null));
    });
  }

  #end(): void {
    this.#joined?.hash.terminate(failure('cancelled'));
    this.#joined = null;
  }
}
