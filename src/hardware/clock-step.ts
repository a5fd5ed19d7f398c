/** Enough steps that one of them is free of a scheduling pause. */
const STEPS_WANTED = 16;
/** A clock of 1 ms shows 16 steps in 16 ms; no probe may hold the page longer than about a frame. */
const LIMIT_MS = 17;
/** A clock that stands still must not hang the page: about 20 ms of calls. */
const LIMIT_READS = 400_000;

/**
 * Smallest positive step of a clock over many readings, in microseconds (browsers coarsen it to 5 µs when isolated,
 * 100 µs or 1 ms when not). 0 when it never moved.
 */
export function measureClockStepUs(nowMs: () => number): number {
  const startMs = nowMs();
  let last = startMs;
  let smallest = Infinity;
  let steps = 0;
  for (let reads = 0; reads < LIMIT_READS && steps < STEPS_WANTED && last - startMs < LIMIT_MS; reads += 1) {
    const now = nowMs();
    if (now <= last) continue;
    smallest = Math.min(smallest, now - last);
    last = now;
    steps += 1;
  }
  // To a nanosecond: differences of large doubles end in noise.
  return Number.isFinite(smallest) ? Math.round(smallest * 1e6) / 1e3 : 0;
}
