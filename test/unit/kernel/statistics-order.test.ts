import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import {
  median,
  medianAbsoluteDeviation,
  medianInterval,
  quantile,
  quantileOfSorted,
  relativeSpread,
} from '#kernel/statistics-order';

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 });

describe('quantile (type 7)', () => {
  it('gives the values that R and NumPy give', () => {
    // R: quantile(c(3, 1, 4, 1, 5, 9, 2, 6), c(.1, .25, .5, .9), type = 7) = 1.0 1.75 3.5 6.9
    const sample = [3, 1, 4, 1, 5, 9, 2, 6];
    expect(quantile(sample, 0.1)).toBeCloseTo(1, 12);
    expect(quantile(sample, 0.25)).toBeCloseTo(1.75, 12);
    expect(quantile(sample, 0.5)).toBeCloseTo(3.5, 12);
    expect(quantile(sample, 0.9)).toBeCloseTo(6.9, 12);
  });

  it('ends at the smallest and the largest value', () => {
    fc.assert(
      fc.property(values, (sample) => {
        expect(quantile(sample, 0)).toBe(Math.min(...sample));
        expect(quantile(sample, 1)).toBe(Math.max(...sample));
      }),
    );
  });

  it('never falls as p rises', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(values, share, share, (sample, p, q) => {
        const low = quantile(sample, Math.min(p, q));
        const high = quantile(sample, Math.max(p, q));
        // One rounding of the interpolation.
        expect(low).toBeLessThanOrEqual(high + Math.abs(high) * Number.EPSILON * 4 + Number.MIN_VALUE);
      }),
    );
  });

  it('leaves its input as it was', () => {
    const sample = [3, 1, 2];
    quantile(sample, 0.5);
    expect(sample).toEqual([3, 1, 2]);
  });

  it('refuses an empty sample and a p outside 0..1', () => {
    expect(() => quantile([], 0.5)).toThrow('needs a value');
    expect(() => quantileOfSorted([1], 1.5)).toThrow('0..1');
  });
});

describe('centre and spread', () => {
  it('takes the middle, or the mean of the two middles', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  it('gives the MAD of the textbook example', () => {
    // 1 1 2 2 4 6 9: median 2, distances 1 1 0 0 2 4 7, their median 1.
    expect(medianAbsoluteDeviation([1, 1, 2, 2, 4, 6, 9])).toBe(1);
  });

  it('ignores a single wild value in the MAD', () => {
    expect(medianAbsoluteDeviation([10, 11, 12, 13, 1e9])).toBe(1);
  });

  it('relates the range to the median', () => {
    expect(relativeSpread([90, 100, 110])).toBeCloseTo(0.2, 12);
    expect(relativeSpread([5, 5])).toBe(0);
    expect(relativeSpread([0, 0])).toBe(0);
    expect(relativeSpread([0, 0, 1])).toBe(Infinity);
  });
});

describe('medianInterval', () => {
  const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => n - index);

  it.each([
    // n, rank from below, exact coverage 1 − 2·ΣC(n,i)/2ⁿ
    [1, 1, 0],
    [2, 1, 0.5],
    [3, 1, 0.75],
    [5, 1, 0.9375],
    [6, 1, 0.96875],
    [8, 1, 0.9921875],
    [9, 2, 0.9609375],
    [10, 2, 0.978515625],
    [20, 6, 0.958610534667969],
  ])('for %i values goes from rank %i and covers %f', (n, rank, coverage) => {
    const interval = medianInterval(upTo(n));
    expect(interval.low).toBe(rank);
    expect(interval.high).toBe(n + 1 - rank);
    expect(interval.coverage).toBeCloseTo(coverage, 12);
  });

  it('holds the median and is no wider than the sample', () => {
    fc.assert(
      fc.property(values, (sample) => {
        const { low, high } = medianInterval(sample);
        expect(low).toBeLessThanOrEqual(median(sample));
        expect(high).toBeGreaterThanOrEqual(median(sample));
        expect(low).toBeGreaterThanOrEqual(Math.min(...sample));
        expect(high).toBeLessThanOrEqual(Math.max(...sample));
      }),
    );
  });

  it.each([6, 10, 15])(
    'covers the true median of a skewed distribution as often as it says (n = %i)',
    (n) => {
      const random = seededRandom(n);
      const runs = 4000;
      let covered = 0;
      let said = 0;
      for (let run = 0; run < runs; run += 1) {
        const sample = Array.from({ length: n }, () => -Math.log(1 - random())); // exponential: median ln 2
        const { low, high, coverage } = medianInterval(sample);
        if (low <= Math.LN2 && Math.LN2 <= high) covered += 1;
        said = coverage;
      }
      // Five standard errors of a share near 0.97 over 4,000 runs.
      expect(Math.abs(covered / runs - said)).toBeLessThan(5 * Math.sqrt((said * (1 - said)) / runs));
    },
  );

  it('stays an interval for large samples', () => {
    const { low, high, coverage } = medianInterval(upTo(1000));
    expect(coverage).toBeGreaterThanOrEqual(0.95);
    // Normal approximation: n/2 ± 1.96·√n/2 = 469 to 531.
    expect(low).toBeGreaterThan(465);
    expect(high).toBeLessThan(536);
  });
});
