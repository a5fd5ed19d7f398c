import { assert } from './assert.ts';

/** Standard normal quantile of 0.975: two-sided 95 %. */
const Z_95 = 1.959963984540054;

/**
 * Wilson score interval of a proportion (Wilson 1927), 0..1; stays inside 0..1 and is not empty at 0 or n successes.
 * centre = (p + z²/2n) / (1 + z²/n), half width = z/(1 + z²/n) · √(p(1−p)/n + z²/4n²).
 * @returns [0, 1] when `total` is 0: nothing is known
 */
export function wilsonInterval(successes: number, total: number, z = Z_95): readonly [number, number] {
  assert(successes >= 0 && successes <= total, 'successes lie in 0..total');
  if (total === 0) return [0, 1];
  const p = successes / total;
  const spread = (z * z) / total;
  const centre = (p + spread / 2) / (1 + spread);
  const half = (z / (1 + spread)) * Math.sqrt((p * (1 - p)) / total + spread / (4 * total));
  // The exact ends are 0 and 1 there; the formula misses them by a rounding error.
  return [successes === 0 ? 0 : centre - half, successes === total ? 1 : centre + half];
}

/**
 * Exact McNemar test, two-sided: under the null hypothesis each discordant pair falls on either side with probability
 * 1/2, so p = min(1, 2·P(Bin(b + c, ½) ≤ min(b, c))).
 * @param onlyFirst pairs that only the first got right (b)
 * @param onlySecond pairs that only the second got right (c)
 */
export function mcnemarExact(onlyFirst: number, onlySecond: number): number {
  assert(onlyFirst >= 0 && onlySecond >= 0, 'discordant counts are not negative');
  const n = onlyFirst + onlySecond;
  const smaller = Math.min(onlyFirst, onlySecond);
  let logTerm = -n * Math.LN2; // in logarithms: 2⁻ⁿ underflows beyond 1,074 pairs
  let tail = Math.exp(logTerm);
  for (let i = 1; i <= smaller; i += 1) {
    logTerm += Math.log((n - i + 1) / i);
    tail += Math.exp(logTerm);
  }
  return Math.min(1, 2 * tail);
}
