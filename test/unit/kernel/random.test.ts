import fc from 'fast-check';
import { expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';

const draw = (seed: number, count: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, random);
};

it('gives the same numbers for the same seed, and others for another', () => {
  expect(draw(42, 5)).toEqual(draw(42, 5));
  expect(draw(42, 5)).not.toEqual(draw(43, 5));
});

it('is Mulberry32', () => {
  // Values of the reference implementation in C for seed 0.
  expect(draw(0, 3)).toEqual([0.26642920868471265, 0.0003297457005828619, 0.2232720274478197]);
});

it('stays in 0..1, 1 left out, for every seed', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      expect(draw(seed, 50).every((value) => value >= 0 && value < 1)).toBe(true);
    }),
  );
});

it('is even enough: every tenth gets its share of 20,000', () => {
  const counts = Array.from({ length: 10 }, () => 0);
  for (const value of draw(7, 20_000))
    counts[Math.floor(value * 10)] = (counts[Math.floor(value * 10)] ?? 0) + 1;
  // Chi-squared with 9 degrees of freedom: 27.9 is exceeded once in a thousand seeds.
  expect(counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0)).toBeLessThan(27.9);
});
