import type { Rule } from '#contracts/rules';
import { pluralityWinner, tally } from '../plurality.ts';
import { isWeighed, votesBestFirst, weighedVerdict, weightsIn } from './ballot-order.ts';

const equalVotes: Rule = (ballot) => {
  const votes = votesBestFirst(ballot);
  const accuracies = new Map(ballot.members.map(({ id, accuracy }) => [id, accuracy]));
  const winner = pluralityWinner(votes, (id) => accuracies.get(id) ?? 0);
  const speaker = votes.find(({ key }) => key === winner?.key);
  if (winner === null || speaker === undefined) return null;
  const scores = new Map(tally(votes).groups.map(({ key, members }) => [key, members.length]));
  return { ...winner, speakerId: speaker.memberId, scores };
};

/**
 * Most votes, every sample being one: â = argmaxₐ Σᵢ 1[aᵢ = a] (Wang et al., arXiv 2203.11171, "self-consistency"). A tie
 * goes to the key of the tied member with the best measured accuracy. A key's score is its votes. Where members have
 * weights, a vote counts its member's: â = argmaxₐ Σᵢ wᵢ·1[aᵢ = a]; where only members of weight 0 spoke, their votes count
 * alike, and it says so.
 */
export const plurality: Rule = (ballot) => {
  if (!isWeighed(ballot)) return equalVotes(ballot);
  const votes = votesBestFirst(ballot);
  const weightOf = weightsIn(ballot);
  const verdict = weighedVerdict(votes, ({ memberId }) => weightOf(memberId));
  if (verdict !== null) return verdict;
  const equal = equalVotes(ballot);
  return equal === null ? null : { ...equal, fallback: 'plurality' };
};
