/** Weight of a new sample: the last five or so count, so that one slow prompt does not turn a server away. */
const WEIGHT = 0.3;
/** An estimate that nobody renewed for this long counts half: a server that was slow once is tried again. */
const HALF_LIFE_MS = 60_000;

/**
 * Exponentially weighted moving average of the time to the first token, `e ← e + w (x − e)`, whose expectation fades
 * while it is not renewed (as the peak-EWMA balancer of Twitter's Finagle lets its cost decay): without that, a server
 * measured as slow would never be measured again.
 */
export class LatencyEstimate {
  #estimateMs: number | null = null;
  #renewedMs = 0;

  /** @param sampleMs time to the first token, milliseconds @param nowMs monotonic time of the sample */
  add(sampleMs: number, nowMs: number): void {
    this.#estimateMs =
      this.#estimateMs === null ? sampleMs : this.#estimateMs + WEIGHT * (sampleMs - this.#estimateMs);
    this.#renewedMs = nowMs;
  }

  /** Milliseconds to expect; 0 for a server that was never measured, so that every one is. */
  expectedMs(nowMs: number): number {
    if (this.#estimateMs === null) return 0;
    return this.#estimateMs * 2 ** (-(nowMs - this.#renewedMs) / HALF_LIFE_MS);
  }
}
