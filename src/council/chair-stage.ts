import type { CouncilMember } from '#contracts/council';
import type { Ballot } from '#contracts/rules';
import { answerUntil } from './answer-until.ts';
import { membersBestFirst } from './rules/ballot-order.ts';
import { chairingOf, parseChoice, withoutVote, type ChairPlan } from './rules/chairman.ts';

/** A letter, and the end. */
const CHOICE_TOKENS = 8;

/** Who chose, and the key that it chose; null: it chose none. */
export interface Chair {
  readonly memberId: string;
  readonly choice: string | null;
}

/**
 * Has the chairman choose one of the answers.
 * @param chairmanId null: the member with the best measured accuracy
 * @returns null where there was nobody to choose, or nothing to choose from
 */
export async function chosenByChair(
  signal: AbortSignal,
  members: readonly CouncilMember[],
  ballot: Ballot,
  chairmanId: string | null,
  plan: Omit<ChairPlan, 'chairmanId' | 'missing'>,
): Promise<Chair | null> {
  const id = chairmanId ?? membersBestFirst(ballot)[0]?.id;
  const chairman = members.find((member) => member.id === id);
  if (chairman === undefined) return null;
  const names = new Map(members.map((member) => [member.id, member.name]));
  const missing = withoutVote(ballot).map((absent) => names.get(absent) ?? absent);
  const chairing = chairingOf(ballot, { ...plan, chairmanId: chairman.id, missing });
  if (chairing === null) return null;
  const { prompt, grammar } = chairing;
  const request = { prompt, grammar, maxTokens: CHOICE_TOKENS, temperature: 0, seed: plan.seed };
  const answered = await answerUntil(signal, chairman, request);
  const choice =
    answered.ok && answered.value.finish !== 'cancelled' ? parseChoice(chairing, answered.value.text) : null;
  return { memberId: chairman.id, choice };
}
