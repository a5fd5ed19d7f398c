import type { LockSource } from '../../src/storage/model-store/web-file-locks.ts';

interface Held {
  readonly name: string;
  readonly mode: LockMode;
}

/**
 * `navigator.locks` as the specification has it (Web Locks API, W3C), for requests that do not wait: who asks is answered a
 * task later, in order, and what was given back is free only after all that was asked before.
 */
export class WebLocks implements LockSource {
  readonly held = new Set<Held>();
  /** What every request is refused with: the page may not use locks. */
  refusal: DOMException | null = null;
  #tasks: Promise<unknown> = Promise.resolve();

  async request(
    name: string,
    { mode }: { readonly ifAvailable: true; readonly mode: LockMode },
    granted: (lock: Lock | null) => Promise<void> | undefined,
  ): Promise<unknown> {
    if (this.refusal !== null) throw this.refusal;
    const lock = await this.#task(() => {
      const others = [...this.held].filter((held) => held.name === name);
      const fits = mode === 'shared' ? others.every((held) => held.mode === 'shared') : others.length === 0;
      if (!fits) return null;
      const taken: Held = { name, mode };
      this.held.add(taken);
      return taken;
    });
    try {
      return await granted(lock);
    } finally {
      await this.#task(() => lock !== null && this.held.delete(lock));
    }
  }

  async query(): Promise<{ readonly held: readonly Held[] }> {
    if (this.refusal !== null) throw this.refusal;
    return this.#task(() => ({ held: [...this.held] }));
  }

  /** The tab that holds them is gone. */
  dropAll(): void {
    this.held.clear();
  }

  #task<T>(work: () => T): Promise<T> {
    const done = this.#tasks.then(
      () =>
        new Promise<T>((resolve) => {
          setImmediate(() => {
            resolve(work());
          });
        }),
    );
    this.#tasks = done;
    return done;
  }
}
