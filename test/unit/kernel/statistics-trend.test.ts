import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leastSquaresSlope } from '#kernel/statistics-trend';

describe('leastSquaresSlope', () => {
  it('gives the slope worked out by hand', () => {
    // x̄ = 3, ȳ = 4: Σ(x−x̄)(y−ȳ) = 6, Σ(x−x̄)² = 10
    expect(leastSquaresSlope([1, 2, 3, 4, 5], [2, 4, 5, 4, 5])).toBeCloseTo(0.6, 12);
  });

  it('finds an exact line, whatever its place', () => {
    const figure = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(
        figure,
        figure,
        fc.uniqueArray(figure, { minLength: 2, maxLength: 20 }),
        (slope, offset, xs) => {
          const found = leastSquaresSlope(
            xs,
            xs.map((x) => slope * x + offset),
          );
          expect(found).toBeCloseTo(slope, 6);
        },
      ),
    );
  });

  it('refuses what is no line', () => {
    expect(() => leastSquaresSlope([1], [1])).toThrow('two points');
    expect(() => leastSquaresSlope([2, 2], [1, 5])).toThrow('different x');
  });
});
