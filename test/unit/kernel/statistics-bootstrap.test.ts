import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import {
  bootstrapInterval,
  medianRatioInterval,
  pairedDifferenceInterval,
} from '#kernel/statistics-bootstrap';
import { median } from '#kernel/statistics-order';

const mean = (sample: ArrayLike<number>): number =>
  Array.from(sample).reduce((sum, value) => sum + value, 0) / sample.length;

describe('bootstrapInterval', () => {
  it('is the same for the same seed, and another for another', () => {
    const sample = [3, 1, 4, 1, 5, 9, 2, 6];
    expect(bootstrapInterval(sample, mean, { seed: 7 })).toEqual(
      bootstrapInterval(sample, mean, { seed: 7 }),
    );
    expect(bootstrapInterval(sample, mean, { seed: 7, resamples: 100 })).not.toEqual(
      bootstrapInterval(sample, mean, { seed: 8, resamples: 100 }),
    );
  });

  it('agrees with theory for the mean: ± 1.96 standard errors', () => {
    const random = seededRandom(1);
    const sample = Array.from({ length: 400 }, () => random());
    const { low, high } = bootstrapInterval(sample, mean, { seed: 2 });
    const centre = mean(sample);
    const error = Math.sqrt(mean(sample.map((value) => (value - centre) ** 2)) / sample.length);
    expect(low).toBeCloseTo(centre - 1.96 * error, 2);
    expect(high).toBeCloseTo(centre + 1.96 * error, 2);
  });

  it('narrows with the level', () => {
    const sample = [3, 1, 4, 1, 5, 9, 2, 6];
    const wide = bootstrapInterval(sample, mean, { seed: 1, level: 0.99 });
    const narrow = bootstrapInterval(sample, mean, { seed: 1, level: 0.5 });
    expect(narrow.low).toBeGreaterThan(wide.low);
    expect(narrow.high).toBeLessThan(wide.high);
  });

  it('collapses when all values are equal', () => {
    expect(bootstrapInterval([4, 4, 4], median, { seed: 1, resamples: 50 })).toEqual({ low: 4, high: 4 });
  });
});

describe('pairedDifferenceInterval', () => {
  it('resamples pairs: equal sides differ by exactly nothing', () => {
    const sides = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(sides, fc.integer(), (side, seed) => {
        expect(pairedDifferenceInterval(side, side, { seed, resamples: 40 })).toEqual({ low: 0, high: 0 });
      }),
      { numRuns: 50 },
    );
  });

  it('agrees with theory for paired shares', () => {
    // 600 questions, 60 only a, 30 only b: difference 0.05, variance of d = (90/600 − 0.05²) / 600.
    const a = Array.from({ length: 600 }, (_, index) => (index < 60 ? 1 : 0));
    const b = Array.from({ length: 600 }, (_, index) => (index >= 60 && index < 90 ? 1 : 0));
    const error = Math.sqrt((0.15 - 0.0025) / 600);
    const { low, high } = pairedDifferenceInterval(a, b, { seed: 3 });
    expect(low).toBeCloseTo(0.05 - 1.96 * error, 2);
    expect(high).toBeCloseTo(0.05 + 1.96 * error, 2);
    expect(low).toBeGreaterThan(0);
  });

  it('refuses sides of different length', () => {
    expect(() => pairedDifferenceInterval([1, 0], [1], { seed: 1 })).toThrow('equal');
  });
});

describe('medianRatioInterval', () => {
  it('finds a known ratio', () => {
    const slow = [98, 99, 100, 101, 102, 100];
    const fast = slow.map((value) => value * 1.5);
    const { low, high } = medianRatioInterval(fast, slow, { seed: 4 });
    expect(low).toBeLessThanOrEqual(1.5);
    expect(high).toBeGreaterThanOrEqual(1.5);
    expect(low).toBeGreaterThan(1.42);
    expect(high).toBeLessThan(1.58);
  });

  it('lies within the extreme ratios', () => {
    const speeds = fc.array(fc.double({ min: 0.1, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(speeds, speeds, (a, b) => {
        const { low, high } = medianRatioInterval(a, b, { seed: 5, resamples: 60 });
        expect(low).toBeGreaterThanOrEqual((Math.min(...a) / Math.max(...b)) * (1 - 1e-12));
        expect(high).toBeLessThanOrEqual((Math.max(...a) / Math.min(...b)) * (1 + 1e-12));
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a denominator of 0', () => {
    expect(() => medianRatioInterval([1], [0, 1], { seed: 1 })).toThrow('positive');
  });
});
