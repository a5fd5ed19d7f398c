/**
 * Rate per second over a trailing window: entry i is the sum of the increments with a time in
 * (times[i] − windowMs, times[i]], divided by the window. Times in ms, ascending. Before the first full window the
 * missing part counts as zero: nothing was seen of it, and a short divisor would turn one token into a burst.
 */
export function windowedRate(
  times: readonly number[],
  increments: readonly number[],
  windowMs: number,
): number[] {
  let from = 0;
  let sum = 0;
  return times.map((timeMs, index) => {
    sum += increments[index] ?? 0;
    while (from < index && (times[from] ?? timeMs) <= timeMs - windowMs) {
      sum -= increments[from] ?? 0;
      from += 1;
    }
    return (sum * 1000) / windowMs;
  });
}
