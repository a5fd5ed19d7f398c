/** Tokens of a prompt between two looks at a stop, where the device is fast enough. Whole GPU tiles (64). */
const MOST_TOKENS = 128;
/** Below this a step costs what a smaller one would: each layer's weights are read once a step. */
const LEAST_TOKENS = 16;
/** A stop must be seen within a second, and the step that runs may have just begun. */
const LONG_STEP_MS = 500;

/**
 * How many tokens of a prompt to take in one step: fewer on a device on which a step takes long, so that a stop is seen
 * soon there too. A device that takes `MOST_TOKENS` in time always takes as many, so its answers do not depend on the clock.
 */
export class PrefillStep {
  readonly #most: number;
  #tokens: number;
  #warm = false;

  /** @param most tokens that the library allows */
  constructor(most: number) {
    this.#most = Math.min(most, MOST_TOKENS);
    this.#tokens = this.#most;
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** A step over `tokens` took `elapsedMs`. */
  took(tokens: number, elapsedMs: number): void {
    // The first one also builds what the driver had put off.
    if (!this.#warm) {
      this.#warm = true;
      return;
    }
    if (elapsedMs > LONG_STEP_MS && tokens <= this.#tokens)
      this.#tokens = Math.max(Math.min(LEAST_TOKENS, this.#most), Math.floor(this.#tokens / 2));
    // Room for twice as many, with half of the time to spare; only full steps say so.
    else if (elapsedMs < LONG_STEP_MS / 4 && tokens === this.#tokens)
      this.#tokens = Math.min(this.#most, this.#tokens * 2);
  }
}
