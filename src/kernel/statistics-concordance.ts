import { assert } from './assert.ts';

/**
 * Kendall's coefficient of concordance with the correction for ties (Kendall & Babington Smith 1939; Siegel & Castellan §9.4):
 * W = 12·S / (m²(n³ − n) − m·ΣTⱼ), S = Σᵢ (Rᵢ − R̄)², Tⱼ = Σ (t³ − t) over the groups of tied ranks of judge j.
 * @param ranks for each of m judges the ranks of the same n items; tied items have the mean of their ranks
 * @returns 0 (no concordance) to 1 (complete); null with fewer than two judges or items, or where every judge ties everything
 */
export function kendallsW(ranks: readonly (readonly number[])[]): number | null {
  const m = ranks.length;
  const n = ranks[0]?.length ?? 0;
  assert(
    ranks.every((own) => own.length === n),
    'judges rank the same items',
  );
  if (m < 2 || n < 2) return null;
  const sums = Array.from({ length: n }, (_, item) => ranks.reduce((sum, own) => sum + (own[item] ?? 0), 0));
  const mean = (m * (n + 1)) / 2;
  const s = sums.reduce((total, sum) => total + (sum - mean) ** 2, 0);
  const ties = ranks.reduce((total, own) => total + tieTerm(own), 0);
  const whole = m * m * (n ** 3 - n) - m * ties;
  return whole <= 0 ? null : Math.min(1, (12 * s) / whole);
}

function tieTerm(ranks: readonly number[]): number {
  const sizes = new Map<number, number>();
  for (const rank of ranks) sizes.set(rank, (sizes.get(rank) ?? 0) + 1);
  return [...sizes.values()].reduce((sum, t) => sum + t ** 3 - t, 0);
}

/** Judges may see different items: of each item what the judge ranked it, absent where it did not see it. */
export type PartialRanks = ReadonlyMap<number, number>;

/** 7! = 5,040 orders: for more items the consistent order that spreads sums most is not searched. */
const MOST_ITEMS = 7;

/**
 * W where judges see different items: S over the highest S that these judges could have reached with their own ranks, had
 * they all followed one order. S = Σᵢ Dᵢ², Dᵢ the sum of item i's ranks less the mean rank of each judge. The highest S is
 * reached by such an order, since S is convex in every judge's ranks and linear forms are largest when sorted alike. Equals
 * Kendall's W for complete ranks without ties, and Durbin's for balanced incomplete blocks:
 * (12·ΣRᵢ² − 3nr²(k+1)²) / (λ²n(n²−1)) (Gibbons & Chakraborti §12.6).
 * @returns null with fewer than two judges, more than 7 items, or where nothing can differ
 */
export function incompleteConcordance(judges: readonly PartialRanks[], items: number): number | null {
  if (judges.length < 2 || items < 2 || items > MOST_ITEMS) return null;
  const centred = judges.map((ranks) => {
    const mean = [...ranks.values()].reduce((sum, rank) => sum + rank, 0) / Math.max(1, ranks.size);
    return new Map([...ranks].map(([item, rank]) => [item, rank - mean]));
  });
  const sorted = centred.map((ranks) => [...ranks.values()].sort((a, b) => a - b));
  let most = 0;
  for (const order of ordersOf(items)) {
    const deviations = new Float64Array(items);
    centred.forEach((ranks, judge) => {
      order
        .filter((item) => ranks.has(item))
        .forEach((item, place) => {
          deviations[item] = (deviations[item] ?? 0) + (sorted[judge]?.[place] ?? 0);
        });
    });
    most = Math.max(most, sumOfSquares(deviations));
  }
  const actual = new Float64Array(items);
  for (const ranks of centred) {
    for (const [item, rank] of ranks) actual[item] = (actual[item] ?? 0) + rank;
  }
  return most <= 0 ? null : Math.min(1, sumOfSquares(actual) / most);
}

function sumOfSquares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

function ordersOf(items: number): number[][] {
  return Array.from({ length: items }, (_, item) => item).reduce<number[][]>(
    (orders, item) =>
      orders.flatMap((order) =>
        Array.from({ length: order.length + 1 }, (_, at) => [
          ...order.slice(0, at),
          item,
          ...order.slice(at),
        ]),
      ),
    [[]],
  );
}
