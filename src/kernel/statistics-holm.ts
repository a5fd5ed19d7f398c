/**
 * Holm's step-down correction (Holm 1979): the k-th smallest of m p-values times (m − k + 1), never below the one before it
 * and never above 1. Holds whatever the dependence of the tests.
 * @returns in the order given
 */
export function holmAdjusted(ps: readonly number[]): readonly number[] {
  const ascending = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number>(ps.length).fill(1);
  let least = 0;
  for (const [rank, { p, index }] of ascending.entries()) {
    least = Math.max(least, Math.min(1, (ps.length - rank) * p));
    adjusted[index] = least;
  }
  return adjusted;
}
