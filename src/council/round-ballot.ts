import type { MemberOutcome } from '#contracts/deliberation';
import type { Ballot, Sample } from '#contracts/rules';
import { ruleMember, type Weights } from './member-say.ts';

/** What a member said, as samples: those on record, or its one answer. Half a text and an abstention have no key. */
export function samplesOfOutcome({
  id,
  key,
  answer,
  tokens,
  samples,
  status,
  durationMs,
}: MemberOutcome): Sample[] {
  if (samples !== undefined)
    return samples.map(({ answer: text, ...sample }) => ({ ...sample, memberId: id, text }));
  const spoke = status === 'answered' || status === 'late' || status === 'abstained';
  return spoke || key !== null
    ? [{ memberId: id, index: 0, key, text: answer, tokens, confidence: null, arrival: durationMs }]
    : [];
}

/** The ballot that a record shows. */
export function ballotOf(
  members: readonly MemberOutcome[],
  accuracyOf: (memberId: string) => number,
  rankings: Ballot['rankings'] = [],
  weights?: Weights | null,
): Ballot {
  return {
    members: members.map(({ id }) => ruleMember(id, accuracyOf(id), weights)),
    samples: members.flatMap(samplesOfOutcome),
    ...(rankings.length === 0 ? {} : { rankings }),
  };
}
