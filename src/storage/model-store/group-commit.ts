import type { Outcome } from '#contracts/errors';

/**
 * Makes one commit of all that came while the last one was under way (group commit; DeWitt et al., "Implementation
 * techniques for main memory database systems", 1984). What comes while none is under way is committed at once, alone:
 * nothing ever waits for others to come.
 */
export class GroupCommit<Item> {
  readonly #commit: (items: readonly Item[]) => Promise<Outcome<null>>;
  #waiting: Item[] = [];
  #next: Promise<Outcome<null>> | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** @param commit all or nothing; does not throw */
  constructor(commit: (items: readonly Item[]) => Promise<Outcome<null>>) {
    this.#commit = commit;
  }

  /** @returns what became of the commit that it was part of */
  add(item: Item): Promise<Outcome<null>> {
    this.#waiting.push(item);
    this.#next ??= this.#begin();
    return this.#next;
  }

  /** Waits until everything that was added before is committed, or failed. */
  async idle(): Promise<void> {
    await this.#last;
  }

  #begin(): Promise<Outcome<null>> {
    const begun = this.#last.then(() => {
      const items = this.#waiting;
      this.#waiting = [];
      this.#next = null;
      return this.#commit(items);
    });
    this.#last = begun.catch(() => undefined);
    return begun;
  }
}
