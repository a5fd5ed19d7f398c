import type { Clock } from '#kernel/clock';
import { pause } from '#kernel/pause';
import type { Outcome } from '#contracts/errors';

/** Rests so many times as long as the last commit took: commits take a tenth of the time at most. */
const REST_SHARE = 9;
/** Longest rest, ms: what is written and not committed may be lost with the power. */
export const LONGEST_REST_MS = 250;

/**
 * Makes one commit of all that came while the last one was under way (group commit; DeWitt et al., "Implementation
 * techniques for main memory database systems", 1984). What comes while none is under way is committed at once, alone; but
 * for items that nobody waits for, which also wait until the commits before have taken no more than their share of time.
 */
export class GroupCommit<Item> {
  readonly #commit: (items: readonly Item[]) => Promise<Outcome<null>>;
  readonly #clock: Clock;
  #waiting: Item[] = [];
  #next: Promise<Outcome<null>> | null = null;
  #last: Promise<unknown> = Promise.resolve();
  /** Ends the rest before the next commit. */
  #hurry = new AbortController();
  #restUntilMs = 0;

  /** @param commit all or nothing; does not throw */
  constructor(clock: Clock, commit: (items: readonly Item[]) => Promise<Outcome<null>>) {
    this.#clock = clock;
    this.#commit = commit;
  }

  /**
   * @param awaited whether somebody waits for it: then it, and those before it, are committed as soon as possible
   * @returns what became of the commit that it was part of
   */
  add(item: Item, awaited = true): Promise<Outcome<null>> {
    this.#waiting.push(item);
    this.#next ??= this.#begin();
    if (awaited) this.hurry();
    return this.#next;
  }

  /** What has come so far is committed as soon as possible. */
  hurry(): void {
    if (this.#waiting.length > 0) this.#hurry.abort();
  }

  /** Waits until everything that was added before is committed, or failed. */
  async idle(): Promise<void> {
    this.hurry();
    await this.#last;
  }

  #begin(): Promise<Outcome<null>> {
    const begun = this.#last.then(() => this.#rest()).then(() => this.#run());
    this.#last = begun.catch(() => undefined);
    return begun;
  }

  async #rest(): Promise<void> {
    const restMs = this.#restUntilMs - this.#clock.nowMs();
    if (restMs > 0) await pause(this.#clock, this.#hurry.signal, restMs);
  }

  async #run(): Promise<Outcome<null>> {
    const items = this.#waiting;
    this.#waiting = [];
    this.#next = null;
    this.#hurry = new AbortController();
    const startMs = this.#clock.nowMs();
    try {
      return await this.#commit(items);
    } finally {
      const endMs = this.#clock.nowMs();
      this.#restUntilMs = endMs + Math.min(LONGEST_REST_MS, REST_SHARE * (endMs - startMs));
    }
  }
}
