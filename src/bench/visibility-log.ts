import type { Clock } from '#kernel/clock';

/** What a benchmark asks about the tab: was it hidden, and for how long. */
export interface VisibilityReader {
  read(): VisibilityReading;
}

export interface VisibilityReading {
  readonly hidden: boolean;
  /** How often the tab was hidden so far. */
  readonly episodes: number;
  /** Milliseconds hidden so far, a current episode included. */
  readonly hiddenMs: number;
}

/** Adds up the times at which a tab was hidden. Fed by the owner of the page's `visibilitychange`. */
export class VisibilityLog implements VisibilityReader {
  readonly #clock: Clock;
  #hiddenSinceMs: number | null = null;
  #episodes = 0;
  #hiddenMs = 0;

  constructor(clock: Clock, hidden: boolean) {
    this.#clock = clock;
    this.note(hidden);
  }

  /** Takes the state after each change; the same state twice is no change. */
  note(hidden: boolean): void {
    const since = this.#hiddenSinceMs;
    if (hidden && since === null) {
      this.#hiddenSinceMs = this.#clock.nowMs();
      this.#episodes += 1;
    } else if (!hidden && since !== null) {
      this.#hiddenMs += this.#clock.nowMs() - since;
      this.#hiddenSinceMs = null;
    }
  }

  read(): VisibilityReading {
    const since = this.#hiddenSinceMs;
    const current = since === null ? 0 : this.#clock.nowMs() - since;
    return { hidden: since !== null, episodes: this.#episodes, hiddenMs: this.#hiddenMs + current };
  }
}
