/** Counts free slots; those who come when none is free wait their turn, first come first served. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param slots how many may hold a slot at once, at least 1 */
  constructor(slots: number) {
    this.#free = slots;
  }

  /** Whether one who came now would wait for nobody. */
  get free(): boolean {
    return this.#free > 0;
  }

  /**
   * Waits for a slot.
   * @returns the function that gives it back (once), or null when `signal` aborted first
   */
  async acquire(signal: AbortSignal): Promise<(() => void) | null> {
    if (signal.aborted) return null;
    if (this.#free > 0) {
      this.#free -= 1;
      return this.#releaser();
    }
    return new Promise((resolve) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        resolve(null);
      };
      const enter = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(this.#releaser());
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(enter);
    });
  }

  /** One slot more, for the next who waits. */
  grow(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }

  #releaser(): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.grow();
    };
  }
}
