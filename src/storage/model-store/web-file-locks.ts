import type { FileLocks, Release } from './file-locks.ts';

/** The part of `navigator.locks` used here. */
export interface LockSource {
  request(
    name: string,
    options: { readonly ifAvailable: true; readonly mode: LockMode },
    granted: (lock: Lock | null) => Promise<void> | undefined,
  ): Promise<unknown>;
  query(): Promise<{ readonly held?: readonly { readonly name?: string }[] }>;
}

const NAME = /^witan\.file\.(?:write|read)\.(.+)$/;

/**
 * Locks over all tabs, by Web Locks: the browser gives back what a tab or a worker held the moment that it is gone. Two for
 * each file: one that only a writer takes, one that readers share.
 */
export class WebFileLocks implements FileLocks {
  readonly #locks: LockSource;
  /** Of locks that were given back: until then the browser counts them as held, which is a task or two later. */
  readonly #returning = new Set<Promise<void>>();

  constructor(locks: LockSource) {
    this.#locks = locks;
  }

  tryWriter(fileId: string): Promise<Release | null> {
    return this.#take(`witan.file.write.${fileId}`, 'exclusive');
  }

  tryReader(fileId: string): Promise<Release | null> {
    return this.#take(`witan.file.read.${fileId}`, 'shared');
  }

  async tryAlone(fileId: string): Promise<Release | null> {
    const writer = await this.tryWriter(fileId);
    if (writer === null) return null;
    const readers = await this.#take(`witan.file.read.${fileId}`, 'exclusive');
    if (readers === null) {
      writer();
      return null;
    }
    return () => {
      readers();
      writer();
    };
  }

  async held(): Promise<ReadonlySet<string> | null> {
    await Promise.all(this.#returning);
    try {
      const { held = [] } = await this.#locks.query();
      return new Set(held.flatMap(({ name = '' }) => NAME.exec(name)?.[1] ?? []));
    } catch {
      return null;
    }
  }

  /** Null when somebody has it, and where the browser refuses locks: then nobody writes. */
  async #take(name: string, mode: LockMode): Promise<Release | null> {
    // Whoever gives back and asks again would else be in his own way.
    await Promise.all(this.#returning);
    return new Promise((resolve) => {
      const asked = this.#locks.request(name, { ifAvailable: true, mode }, (lock) => {
        if (lock === null) {
          resolve(null);
          return undefined;
        }
        return new Promise<void>((release) => {
          let held = true;
          resolve(() => {
            if (held) this.#returning.add(ended);
            held = false;
            release();
          });
        });
      });
      const ended: Promise<void> = asked.then(
        () => {
          this.#returning.delete(ended);
        },
        () => {
          this.#returning.delete(ended);
          resolve(null);
        },
      );
    });
  }
}
