import type { Ballot, Rule } from '#contracts/rules';
import { verdictOf } from './ballot-order.ts';
import { borda } from './borda.ts';
import { countedRankings, pluralityInstead, rankedAnswers } from './rankings.ts';

/** Largest panel for which all orders are searched: 2¹⁰ sets of 10 answers, some 10⁵ additions. */
export const KEMENY_MOST_ANSWERS = 10;

/** How many reviewers put answer a before answer b, by index; one that was ranked comes before one that was left out. */
export function preferences(ballot: Ballot, ids: readonly string[]): readonly (readonly number[])[] {
  const rankings = countedRankings(ballot);
  const placeOf = (order: readonly string[], id: string): number => {
    const place = order.indexOf(id);
    return place < 0 ? order.length : place;
  };
  return ids.map((a) =>
    ids.map(
      (b) =>
        rankings.filter(
          ({ reviewerId, order }) =>
            // Its own answer is in no relation to the others.
            a !== reviewerId && b !== reviewerId && placeOf(order, a) < placeOf(order, b),
        ).length,
    ),
  );
}

/** For each answer, the most agreement that an order with it on top can have. */
function bestWithOnTop(prefers: readonly (readonly number[])[]): readonly number[] {
  const n = prefers.length;
  const members = prefers.map((_, index) => index);
  const over = (top: number, set: number): number =>
    members.reduce((sum, b) => ((set >> b) % 2 === 1 ? sum + (prefers[top]?.[b] ?? 0) : sum), 0);
  // best[set]: most agreement of an order of the set. A set's subsets have smaller numbers than the set itself.
  const best = new Float64Array(2 ** n);
  const onTop = (top: number, set: number): number => {
    const rest = set - 2 ** top;
    return over(top, rest) + (best[rest] ?? 0);
  };
  for (let set = 1; set < best.length; set += 1) {
    best[set] = Math.max(...members.filter((top) => (set >> top) % 2 === 1).map((top) => onTop(top, set)));
  }
  return members.map((top) => onTop(top, best.length - 1));
}

/**
 * Kemeny's order (1959): the one that agrees with the most pairwise preferences of the reviewers; its first answer wins.
 * Exact, by dynamic programming over sets of answers; for more than `KEMENY_MOST_ANSWERS` Borda decides, and says so, and
 * without a single ranking plurality does. An answer's score is the agreement of the best order with it on top, in pairs.
 */
export const kemeny: Rule = (ballot) => {
  if (countedRankings(ballot).length === 0) return pluralityInstead(ballot);
  const answers = rankedAnswers(ballot);
  if (answers.length > KEMENY_MOST_ANSWERS) {
    const verdict = borda(ballot);
    return verdict === null ? null : { ...verdict, fallback: 'borda' };
  }
  const agreement = bestWithOnTop(
    preferences(
      ballot,
      answers.map(({ memberId }) => memberId),
    ),
  );
  return verdictOf(answers.map((vote, index) => ({ vote, score: agreement[index] ?? 0 })));
};
