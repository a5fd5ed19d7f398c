import { assert } from './assert.ts';

/**
 * Slope of the least-squares line through (x, y): Σ(x−x̄)(y−ȳ) / Σ(x−x̄)², in units of y per unit of x.
 * Needs two different x.
 */
export function leastSquaresSlope(xs: readonly number[], ys: readonly number[]): number {
  assert(xs.length === ys.length && xs.length >= 2, 'a line needs two points');
  const meanX = xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const meanY = ys.reduce((sum, y) => sum + y, 0) / ys.length;
  let products = 0;
  let squares = 0;
  xs.forEach((x, index) => {
    products += (x - meanX) * ((ys[index] ?? 0) - meanY);
    squares += (x - meanX) ** 2;
  });
  assert(squares > 0, 'a line needs two different x');
  return products / squares;
}
