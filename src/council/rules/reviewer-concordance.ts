import type { Ballot } from '#contracts/rules';
import { incompleteConcordance, kendallsW } from '#kernel/statistics-concordance';
import { countedRankings, rankedAnswers } from './rankings.ts';

/**
 * Kendall's W of the reviewers' rankings: how far they agree with each other, 0..1. Those that an order left out share the
 * mean of the ranks that are left. Where nobody ranks its own answer each has seen other items, and W is that of incomplete
 * rankings (`incompleteConcordance`). A perfect circle of reviewers has W = 0: no consensus, however equal the points are.
 * @returns null with fewer than two reviewers, or nothing that could differ
 */
export function reviewerConcordance(ballot: Ballot): number | null {
  const ids = rankedAnswers(ballot).map(({ memberId }) => memberId);
  const judges = countedRankings(ballot).map(({ reviewerId, order }) => {
    const seen = ids.filter((id) => id !== reviewerId);
    const meanRankOfRest = (order.length + 1 + seen.length) / 2;
    return new Map(
      seen.map((id) => {
        const place = order.indexOf(id);
        return [ids.indexOf(id), place < 0 ? meanRankOfRest : place + 1];
      }),
    );
  });
  if (judges.every(({ size }) => size === ids.length)) {
    return kendallsW(judges.map((ranks) => ids.map((_, item) => ranks.get(item) ?? 0)));
  }
  return incompleteConcordance(judges, ids.length);
}
