import fc from 'fast-check';
import { expect, it } from 'vitest';
import { holmAdjusted } from '#kernel/statistics-holm';

it('is what R says: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")', () => {
  const adjusted = holmAdjusted([0.01, 0.04, 0.03, 0.005]);
  for (const [place, wanted] of [0.03, 0.06, 0.06, 0.02].entries())
    expect(adjusted[place]).toBeCloseTo(wanted, 12);
});

it('leaves a single test alone, and stands none', () => {
  expect(holmAdjusted([0.2])).toEqual([0.2]);
  expect(holmAdjusted([])).toEqual([]);
});

it('never lowers a p, keeps their order, and stays between the p and Bonferroni', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), (ps) => {
      const adjusted = holmAdjusted(ps);
      for (const [i, p] of ps.entries()) {
        const own = adjusted[i] ?? -1;
        expect(own).toBeGreaterThanOrEqual(p);
        expect(own).toBeLessThanOrEqual(Math.min(1, p * ps.length) + 1e-12);
        for (const [j, other] of ps.entries())
          if (p < other) expect(own).toBeLessThanOrEqual(adjusted[j] ?? -1);
      }
    }),
  );
});
