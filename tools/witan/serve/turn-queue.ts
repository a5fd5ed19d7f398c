import type { Clock } from '../../../src/kernel/clock.ts';
import { Semaphore } from '../../../src/kernel/semaphore.ts';

/** Before anything was measured. */
const FIRST_ANSWER_MS = 1_000;
/** Weight of the newest answer in the mean: the last few count, for the council may change. */
const NEWEST_WEIGHT = 0.3;
const LONGEST_RETRY_S = 60;

/** refused: the queue is full; gone: the signal aborted while it waited. */
export type Turn =
  | { readonly type: 'granted'; readonly end: () => void }
  | { readonly type: 'refused'; readonly retryAfterS: number }
  | { readonly type: 'gone' };

/**
 * The council answers one question at a time; so many may wait, first come, first served. Those who are refused are told
 * when a place is likely: the mean of the last answers times those before them.
 */
export class TurnQueue {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #turns = new Semaphore(1);
  #waiting = 0;
  #running = 0;
  #meanMs = FIRST_ANSWER_MS;

  /** @param limit how many may wait, besides the one that is answered */
  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get running(): number {
    return this.#running;
  }

  async enter(signal: AbortSignal): Promise<Turn> {
    if (signal.aborted) return { type: 'gone' };
    if (this.#waiting + this.#running > this.#limit) {
      const aheadMs = this.#meanMs * (this.#waiting + this.#running);
      const retryAfterS = Math.min(LONGEST_RETRY_S, Math.max(1, Math.ceil(aheadMs / 1000)));
      return { type: 'refused', retryAfterS };
    }
    this.#waiting += 1;
    const release = await this.#turns.acquire(signal);
    this.#waiting -= 1;
    if (release === null) return { type: 'gone' };
    this.#running += 1;
    const startedMs = this.#clock.nowMs();
    let held = true;
    const end = (): void => {
      if (!held) return;
      held = false;
      this.#running -= 1;
      this.#meanMs += NEWEST_WEIGHT * (this.#clock.nowMs() - startedMs - this.#meanMs);
      release();
    };
    return { type: 'granted', end };
  }
}
