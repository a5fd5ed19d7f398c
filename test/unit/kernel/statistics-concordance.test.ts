import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incompleteConcordance, kendallsW } from '#kernel/statistics-concordance';

const rankings = fc.integer({ min: 2, max: 6 }).chain((items) =>
  fc.array(
    fc.shuffledSubarray(
      Array.from({ length: items }, (_, i) => i + 1),
      { minLength: items },
    ),
    {
      minLength: 2,
      maxLength: 5,
    },
  ),
);
const asPartial = (ranks: readonly number[]): Map<number, number> =>
  new Map(ranks.map((rank, item) => [item, rank]));

describe('Kendall’s W', () => {
  it('by hand, without ties', () => {
    // R = 4, 6, 8, 12; S = 12.25 + 2.25 + 0.25 + 20.25 = 35; W = 12·35 / (9·60).
    expect(kendallsW([[1, 2, 3, 4], [1, 3, 2, 4], [2, 1, 3, 4]])).toBeCloseTo(420 / 540, 12); // prettier-ignore
    expect(kendallsW([[1, 2, 3], [1, 2, 3], [1, 2, 3]])).toBe(1); // prettier-ignore
    expect(kendallsW([[1, 2, 3], [2, 3, 1], [3, 1, 2]])).toBe(0); // prettier-ignore
  });

  it('by hand, with ties', () => {
    // R = 2, 4.5, 5.5, 8; S = 9 + 0.25 + 0.25 + 9 = 18.5; T = 2³ − 2 = 6; W = 12·18.5 / (4·60 − 2·6).
    expect(kendallsW([[1, 2.5, 2.5, 4], [1, 2, 3, 4]])).toBeCloseTo(222 / 228, 12); // prettier-ignore
    expect(kendallsW([[1, 2.5, 2.5, 4], [1, 2.5, 2.5, 4]])).toBeCloseTo(1, 12); // prettier-ignore
  });

  it('is unknown where nothing can differ', () => {
    expect(kendallsW([])).toBeNull();
    expect(kendallsW([[1, 2]])).toBeNull();
    expect(kendallsW([[1], [1]])).toBeNull();
    expect(kendallsW([[1.5, 1.5], [1.5, 1.5]])).toBeNull(); // prettier-ignore
  });

  it('is the mean of Spearman’s correlations in another unit: r̄ = (mW − 1)/(m − 1)', () => {
    fc.assert(
      fc.property(rankings, (judges) => {
        const n = judges[0]?.length ?? 0;
        const spearman = (a: readonly number[], b: readonly number[]): number =>
          1 - (6 * a.reduce((sum, rank, i) => sum + (rank - (b[i] ?? 0)) ** 2, 0)) / (n ** 3 - n);
        const pairs = judges.flatMap((a, i) => judges.slice(i + 1).map((b) => spearman(a, b)));
        const mean = pairs.reduce((sum, r) => sum + r, 0) / pairs.length;
        const w = kendallsW(judges) ?? NaN;
        expect((judges.length * w - 1) / (judges.length - 1)).toBeCloseTo(mean, 9);
      }),
    );
  });
});

describe('concordance of incomplete rankings', () => {
  it('is Kendall’s W for complete ones', () => {
    fc.assert(
      fc.property(rankings, (judges) => {
        const w = incompleteConcordance(judges.map(asPartial), judges[0]?.length ?? 0);
        expect(w).toBeCloseTo(kendallsW(judges) ?? NaN, 9);
      }),
      { numRuns: 40 },
    );
  });

  it('is Durbin’s W for balanced blocks: each of n judges sees all items but one', () => {
    const blocks = fc.integer({ min: 3, max: 5 }).chain((n) =>
      fc.tuple(
        ...Array.from({ length: n }, (_, own) => {
          const seen = Array.from({ length: n }, (__, item) => item).filter((item) => item !== own);
          return fc
            .shuffledSubarray(seen, { minLength: n - 1 })
            .map((order) => new Map(order.map((item, place) => [item, place + 1])));
        }),
      ),
    );
    fc.assert(
      fc.property(blocks, (judges) => {
        const n = judges.length;
        const [k, r, lambda] = [n - 1, n - 1, n - 2];
        const sums = judges.map((_, item) => judges.reduce((sum, ranks) => sum + (ranks.get(item) ?? 0), 0));
        const squares = sums.reduce((sum, each) => sum + each ** 2, 0);
        const w = (12 * squares - 3 * n * r ** 2 * (k + 1) ** 2) / (lambda ** 2 * n * (n ** 2 - 1));
        expect(incompleteConcordance(judges, n)).toBeCloseTo(w, 9);
      }),
      { numRuns: 60 },
    );
  });

  it('is unknown for too few judges, too many items, or nothing to differ in', () => {
    expect(incompleteConcordance([asPartial([1, 2])], 2)).toBeNull();
    expect(incompleteConcordance([asPartial([1, 2]), asPartial([2, 1])], 8)).toBeNull();
    expect(incompleteConcordance([new Map([[0, 1]]), new Map([[1, 1]])], 2)).toBeNull();
  });
});
