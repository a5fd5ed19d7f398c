import { assert } from './assert.ts';

/** MAD × this estimates the standard deviation of a normal distribution (1 / Φ⁻¹(3/4)). */
export const MAD_TO_SIGMA = 1.4826;

function ascending(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/**
 * Quantile of values that are already in ascending order: type 7 of Hyndman and Fan (1996), the default of R and NumPy.
 * h = (n − 1)·p; the value at h, linear between its two neighbours.
 */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  assert(sorted.length > 0, 'a quantile needs a value');
  assert(p >= 0 && p <= 1, 'p of a quantile lies in 0..1');
  const position = (sorted.length - 1) * p;
  const below = Math.floor(position);
  const low = sorted[below] ?? 0;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  const share = position - below;
  // At equal ends or on a rank the exact value, not a product that may differ in the last bit.
  return share === 0 || low === high ? low : low + (high - low) * share;
}

/** Type 7 quantile of values in any order. @param p 0..1 */
export function quantile(values: ArrayLike<number>, p: number): number {
  return quantileOfSorted(ascending(values), p);
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** Median of the absolute distances to the median, in the unit of the values (not scaled, see `MAD_TO_SIGMA`). */
export function medianAbsoluteDeviation(values: ArrayLike<number>): number {
  const centre = median(values);
  return median(Float64Array.from(values, (value) => Math.abs(value - centre)));
}

/** (max − min) / median; 0 when all are equal, infinite when only the median is 0. */
export function relativeSpread(values: ArrayLike<number>): number {
  const sorted = ascending(values);
  const range = quantileOfSorted(sorted, 1) - quantileOfSorted(sorted, 0);
  return range === 0 ? 0 : range / Math.abs(quantileOfSorted(sorted, 0.5));
}

/** An interval and the probability with which it covers what it estimates, 0..1. */
export interface CoveredInterval {
  readonly low: number;
  readonly high: number;
  readonly coverage: number;
}

/**
 * Distribution-free interval of the median from order statistics: [x₍ⱼ₎, x₍ₙ₊₁₋ⱼ₎] covers it with probability
 * 1 − 2·Σᵢ₌₀ʲ⁻¹ C(n, i) / 2ⁿ, whatever the (continuous) distribution (David & Nagaraja, Order Statistics, §7.1).
 * Takes the largest j that still covers `wanted`; below six values min to max covers less than 95 %, and says so.
 */
export function medianInterval(values: ArrayLike<number>, wanted = 0.95): CoveredInterval {
  const n = values.length;
  assert(n > 0, 'an interval of the median needs a value');
  const sorted = ascending(values);
  let term = 2 ** -n; // C(n, i) / 2ⁿ; only * and / here, so that every browser gets the same last digit
  let tail = term; // underflows to 0 beyond 1,074 values: the interval is then min to max, wide but true
  let j = 1;
  while (2 * (j + 1) <= n) {
    term *= (n - j + 1) / j;
    if (1 - 2 * (tail + term) < wanted) break;
    tail += term;
    j += 1;
  }
  return { low: sorted[j - 1] ?? 0, high: sorted[n - j] ?? 0, coverage: 1 - 2 * tail };
}
