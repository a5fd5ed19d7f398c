import type { Ballot, Ranking, Rule } from '#contracts/rules';
import { verdictOf } from './ballot-order.ts';
import { countedRankings, pluralityInstead, rankedAnswers } from './rankings.ts';

/**
 * Points of one reviewer: 1 − (rank − 1)/(m − 1) for m answers of others, 1 when there is only one; those it left out share
 * the mean of the points that are left.
 * @param others ids of the answers it was to rank: all but its own
 */
export function bordaPoints({ order }: Ranking, others: readonly string[]): ReadonlyMap<string, number> {
  const m = others.length;
  const pointsAt = (rank: number): number => (m < 2 ? 1 : 1 - (rank - 1) / (m - 1));
  const meanRankOfRest = (order.length + 1 + m) / 2;
  return new Map(
    others.map((id) => {
      const place = order.indexOf(id);
      return [id, pointsAt(place < 0 ? meanRankOfRest : place + 1)];
    }),
  );
}

/** Points so far and from how many reviewers, by member; members without an answer are not in it. */
export function bordaSums(
  ballot: Ballot,
): ReadonlyMap<string, { readonly sum: number; readonly from: number }> {
  const ids = rankedAnswers(ballot).map(({ memberId }) => memberId);
  const sums = new Map(ids.map((id) => [id, { sum: 0, from: 0 }]));
  for (const ranking of countedRankings(ballot)) {
    const others = ids.filter((id) => id !== ranking.reviewerId);
    for (const [id, points] of bordaPoints(ranking, others)) {
      const { sum, from } = sums.get(id) ?? { sum: 0, from: 0 };
      sums.set(id, { sum: sum + points, from: from + 1 });
    }
  }
  return sums;
}

/**
 * Normalised Borda count (de Borda 1781; council research A8). An answer's score is the mean of its points, not their sum:
 * its own author does not rank it, so that answers have different numbers of reviewers. The key is that of the best answer.
 * Without a single ranking plurality decides, and says so.
 */
export const borda: Rule = (ballot) => {
  if (countedRankings(ballot).length === 0) return pluralityInstead(ballot);
  const sums = bordaSums(ballot);
  return verdictOf(
    rankedAnswers(ballot).map((vote) => {
      const { sum, from } = sums.get(vote.memberId) ?? { sum: 0, from: 0 };
      return { vote, score: from === 0 ? 0 : sum / from };
    }),
  );
};
