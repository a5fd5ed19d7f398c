import type { FileLocks, Release } from './file-locks.ts';

interface Holders {
  writer: boolean;
  readers: number;
}

/** Locks among the stores of one thread: enough where a single tab has the store, and for simulations of several. */
export class ProcessLocks implements FileLocks {
  readonly #files = new Map<string, Holders>();

  tryWriter(fileId: string): Promise<Release | null> {
    const holders = this.#holders(fileId);
    if (holders.writer) return Promise.resolve(null);
    holders.writer = true;
    return Promise.resolve(
      once(() => {
        holders.writer = false;
      }),
    );
  }

  tryReader(fileId: string): Promise<Release | null> {
    const holders = this.#holders(fileId);
    if (holders.readers < 0) return Promise.resolve(null);
    holders.readers += 1;
    return Promise.resolve(
      once(() => {
        holders.readers -= 1;
      }),
    );
  }

  tryAlone(fileId: string): Promise<Release | null> {
    const holders = this.#holders(fileId);
    if (holders.writer || holders.readers !== 0) return Promise.resolve(null);
    holders.writer = true;
    holders.readers = ALONE;
    return Promise.resolve(
      once(() => {
        holders.writer = false;
        holders.readers = 0;
      }),
    );
  }

  held(): Promise<ReadonlySet<string>> {
    const held = [...this.#files].filter(([, { writer, readers }]) => writer || readers !== 0);
    return Promise.resolve(new Set(held.map(([id]) => id)));
  }

  #holders(fileId: string): Holders {
    const found = this.#files.get(fileId) ?? { writer: false, readers: 0 };
    this.#files.set(fileId, found);
    return found;
  }
}

/** Stands for "no reader may come". */
const ALONE = -1;

function once(release: () => void): Release {
  let held = true;
  return () => {
    if (held) release();
    held = false;
  };
}
