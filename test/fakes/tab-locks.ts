import type { FileLocks, Release } from '../../src/storage/model-store/file-locks.ts';

/** One tab's share of the locks of all: when the tab dies, they are free, as Web Locks are. */
export class TabLocks implements FileLocks {
  readonly #all: FileLocks;
  readonly #held = new Set<Release>();
  #dead = false;

  constructor(all: FileLocks) {
    this.#all = all;
  }

  tryWriter(fileId: string): Promise<Release | null> {
    return this.#take(this.#all.tryWriter(fileId));
  }

  tryReader(fileId: string): Promise<Release | null> {
    return this.#take(this.#all.tryReader(fileId));
  }

  tryAlone(fileId: string): Promise<Release | null> {
    return this.#take(this.#all.tryAlone(fileId));
  }

  held(): Promise<ReadonlySet<string> | null> {
    return this.#all.held();
  }

  die(): void {
    this.#dead = true;
    for (const release of this.#held) release();
    this.#held.clear();
  }

  async #take(asked: Promise<Release | null>): Promise<Release | null> {
    const release = await asked;
    if (release === null) return null;
    if (this.#dead) {
      release();
      return null;
    }
    this.#held.add(release);
    return () => {
      this.#held.delete(release);
      release();
    };
  }
}
