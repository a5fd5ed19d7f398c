import type { CouncilMember } from '#contracts/council';
import type { Ballot, Ranking } from '#contracts/rules';
import { answerUntil } from './answer-until.ts';
import { parseRanking, rankingGrammar } from './rules/ranking-ballot.ts';
import { reviewOf, type ReviewPlan } from './rules/reviewing.ts';
import { exactBorda } from './stops/exact-borda.ts';

/** An order of nine letters as JSON is 48 characters; a token a letter at worst. */
const RANKING_TOKENS = 96;

/**
 * Has every member that answered rank the others' answers, all at once, each in an order of its own. Under Borda it ends when
 * no ranking still to come can change the winner. A ranking that does not parse, or never comes, is none.
 */
export async function reviews(
  signal: AbortSignal,
  members: readonly CouncilMember[],
  ballot: Ballot,
  plan: ReviewPlan & { readonly exact: boolean },
): Promise<readonly Ranking[]> {
  const enough = new AbortController();
  const stop = AbortSignal.any([signal, enough.signal]);
  const rankings: Ranking[] = [];
  const asked = members.flatMap((member) => {
    const review = reviewOf(ballot, member.id, plan);
    return review === null ? [] : [{ member, review }];
  });
  const open = new Set(asked.map(({ member }) => member.id));
  await Promise.all(
    asked.map(async ({ member, review }) => {
      const answered = await answerUntil(stop, member, {
        prompt: review.prompt,
        maxTokens: RANKING_TOKENS,
        temperature: 0,
        seed: plan.seed,
        grammar: rankingGrammar(review),
      });
      open.delete(member.id);
      if (!answered.ok || answered.value.finish === 'cancelled') return;
      const ranking = parseRanking(review, answered.value.text);
      if (ranking !== null) rankings.push(ranking);
      const progress = { ballot: { ...ballot, rankings }, outstanding: new Map(), reviewing: [...open] };
      if (plan.exact && exactBorda(progress) !== null) enough.abort();
    }),
  );
  return rankings;
}
