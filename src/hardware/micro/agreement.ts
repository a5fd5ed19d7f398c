import { median, medianInterval, relativeSpread } from '#kernel/statistics-order';
import type { MicroReading } from '#contracts/micro-bench';

/** Warm-up is over when so many runs in a row agree (benchmarks research §2.2). */
const WARM_RUNS = 3;
const WARM_SPREAD = 0.03;

/**
 * Two measurements are to agree within 5 %, or say that they may not. Two intervals of ± 2.5 % that both hold the true median
 * cannot lie further apart.
 */
const HALF_WIDTH = 0.025;
/**
 * An interval knows nothing of drift: other work, a clock that changes, heat. It shows between visits, which lie seconds
 * apart: their medians differ by more than chance.
 */
const VISIT_SPREAD = 0.04;
/** Fewer visits lie too close together to show it; but what is taken once in each has no more than two. */
const LEAST_VISITS = 2;

export function isWarm(values: readonly number[]): boolean {
  return values.length >= WARM_RUNS && relativeSpread(values.slice(-WARM_RUNS)) <= WARM_SPREAD;
}

/** @param visits the repetitions of each visit, at least one in all */
export function isStable(visits: readonly (readonly number[])[], leastSamples: number): boolean {
  const samples = visits.flat();
  if (samples.length < leastSamples || visits.length < LEAST_VISITS) return false;
  const { low, high } = medianInterval(samples);
  const centre = median(samples);
  const within = high - centre <= HALF_WIDTH * centre && centre - low <= HALF_WIDTH * centre;
  return within && relativeSpread(visits.map((visit) => median(visit))) <= VISIT_SPREAD;
}

/** @param visits as for `isStable` */
export function readingOf(visits: readonly (readonly number[])[], leastSamples: number): MicroReading {
  const samples = visits.flat();
  const { low, high } = medianInterval(samples);
  return { median: median(samples), low, high, samples, stable: isStable(visits, leastSamples) };
}
