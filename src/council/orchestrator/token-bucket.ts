/** Of sums of fractions; without it the last billionth of a token would be waited for. */
const ROUNDING = 1e-6;

export interface BucketLimit {
  readonly perSecond: number;
  /** Most that may be saved up. */
  readonly burst: number;
}

/**
 * Token bucket (Turner 1986; RFC 2697 §3): fills at `perSecond` up to `burst`. What costs more than the whole burst passes
 * when the bucket is full and leaves it in debt, so that it passes at all and the rate still holds in the long run: within
 * any `t` seconds at most `burst + perSecond × t` pass, and the excess of one such request.
 */
export class TokenBucket {
  readonly #limit: BucketLimit;
  #level: number;
  #atMs: number;

  constructor(limit: BucketLimit, nowMs: number) {
    this.#limit = limit;
    this.#level = limit.burst;
    this.#atMs = nowMs;
  }

  /** Whole milliseconds, as timers have them, until `cost` may pass; 0: now. */
  waitMs(cost: number, nowMs: number): number {
    this.#fill(nowMs);
    const missing = Math.min(cost, this.#limit.burst) - this.#level;
    return missing <= ROUNDING ? 0 : Math.ceil((missing * 1000) / this.#limit.perSecond);
  }

  take(cost: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#level -= cost;
  }

  /** Gives back what was taken and not used; negative: it was more. */
  giveBack(amount: number): void {
    this.#level = Math.min(this.#limit.burst, this.#level + amount);
  }

  #fill(nowMs: number): void {
    const gained = (Math.max(0, nowMs - this.#atMs) * this.#limit.perSecond) / 1000;
    this.#level = Math.min(this.#limit.burst, this.#level + gained);
    this.#atMs = Math.max(this.#atMs, nowMs);
  }
}
