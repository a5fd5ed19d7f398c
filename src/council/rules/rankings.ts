import type { Ballot, Ranking, RuleVerdict } from '#contracts/rules';
import { isVote, membersBestFirst, samplesOf, type CastVote } from './ballot-order.ts';
import { plurality } from './plurality.ts';

/** What ranked rules decide between: each member's first answer, best member first. */
export function rankedAnswers(ballot: Ballot): readonly CastVote[] {
  return membersBestFirst(ballot).flatMap(({ id }) => samplesOf(ballot, id).filter(isVote).slice(0, 1));
}

/**
 * Rankings as rules count them, by reviewer, best member first: of members on the roster, over others' answers only (nobody
 * ranks its own), each once. A ranking that names nobody is none.
 */
export function countedRankings(ballot: Ballot): readonly Ranking[] {
  const answering = new Set(rankedAnswers(ballot).map(({ memberId }) => memberId));
  return membersBestFirst(ballot).flatMap(({ id }) => {
    const given = ballot.rankings?.find(({ reviewerId }) => reviewerId === id);
    const order = [...new Set(given?.order)].filter((ranked) => ranked !== id && answering.has(ranked));
    return order.length === 0 ? [] : [{ reviewerId: id, order }];
  });
}

/** Plurality, and saying so: for rules that had no ranking, no vector, no choice to go by. */
export function pluralityInstead(ballot: Ballot): RuleVerdict | null {
  const verdict = plurality(ballot);
  return verdict === null ? null : { ...verdict, fallback: 'plurality' };
}
