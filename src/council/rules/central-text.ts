import type { RuleVerdict } from '#contracts/rules';
import { verdictOf, type CastVote } from './ballot-order.ts';

/**
 * The vote nearest to all others: argmaxᵢ of the mean over j ≠ i of similarity(i, j). A lone vote has 0: nothing agrees with
 * it. Votes have to come best member first.
 * @param similarity symmetric, 1 for the same
 */
export function centralVote(
  votes: readonly CastVote[],
  similarity: (one: CastVote, other: CastVote) => number,
): RuleVerdict | null {
  const sums = votes.map(() => 0);
  votes.forEach((one, i) => {
    votes.slice(i + 1).forEach((other, offset) => {
      const j = i + 1 + offset;
      const near = similarity(one, other);
      sums[i] = (sums[i] ?? 0) + near;
      sums[j] = (sums[j] ?? 0) + near;
    });
  });
  const pairs = Math.max(1, votes.length - 1);
  return verdictOf(votes.map((vote, index) => ({ vote, score: (sums[index] ?? 0) / pairs })));
}
