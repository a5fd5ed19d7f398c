/** Reversals allowed within the window; after that quality stays low for as long (drei: `flipflops`, ours: 4 a minute). */
const FLIPS_ALLOWED = 4;
const WINDOW_MS = 60_000;

/**
 * Counts reversals (a raise after a lowering, or the other way round) and stops a controller that hunts. Lowering is
 * always allowed, for it is the safe side; so a raise is allowed only while the lowering that may follow it still fits
 * into the allowance. That keeps any minute at four reversals or fewer.
 */
export class FlipLimiter {
  #flips: readonly number[] = [];
  #last: 'up' | 'down' | null = null;
  #frozenUntilMs = Number.NEGATIVE_INFINITY;

  /** 'freeze': the limit is reached now; 'frozen': it was, and the minute is not over. */
  mayRaise(atMs: number): 'yes' | 'freeze' | 'frozen' {
    if (atMs < this.#frozenUntilMs) return 'frozen';
    const flips = this.#recent(atMs).length + (this.#last === 'down' ? 2 : 1);
    if (flips <= FLIPS_ALLOWED) return 'yes';
    this.#frozenUntilMs = atMs + WINDOW_MS;
    return 'freeze';
  }

  moved(direction: 'up' | 'down', atMs: number): void {
    this.#flips = this.#recent(atMs);
    if (this.#last !== null && this.#last !== direction) this.#flips = [...this.#flips, atMs];
    this.#last = direction;
  }

  /** The load has ended: the next move reverses nothing and the freeze is over. The count of the minute stays. */
  rest(): void {
    this.#last = null;
    this.#frozenUntilMs = Number.NEGATIVE_INFINITY;
  }

  #recent(atMs: number): readonly number[] {
    return this.#flips.filter((flipMs) => atMs - flipMs < WINDOW_MS);
  }
}
