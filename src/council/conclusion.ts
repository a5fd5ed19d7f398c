import type { Deliberation, MemberOutcome, RoundOutcome } from '#contracts/deliberation';
import { pluralityWinner, tally, type Vote } from './plurality.ts';

export type Conclusion = Pick<
  Deliberation,
  | 'outcome'
  | 'answer'
  | 'key'
  | 'agreement'
  | 'callsSaved'
  | 'members'
  | 'dissent'
  | 'missing'
  | 'lateWouldFlip'
>;

export interface ConclusionInput {
  readonly members: readonly MemberOutcome[];
  readonly accuracyOf: (memberId: string) => number;
  /** The key that was announced during the round, if any. */
  readonly verdictKey: string | null;
  readonly stoppedByUser: boolean;
}

/** Members of these statuses gave no vote although one was wanted. */
const MISSING = new Set<MemberOutcome['status']>(['timeout', 'lost', 'stopped', 'failed']);

function votesOf(members: readonly MemberOutcome[]): Vote[] {
  return members.flatMap((member) => (member.key === null ? [] : [{ memberId: member.id, key: member.key }]));
}

function outcomeOf(
  input: ConclusionInput,
  votes: readonly Vote[],
  missing: readonly string[],
  tied: boolean,
  overtaken: boolean,
): RoundOutcome {
  if (votes.length === 0) {
    if (input.stoppedByUser) return 'stopped';
    return input.members.some((member) => member.status === 'abstained') &&
      missing.length < input.members.length
      ? 'abstained'
      : 'failed';
  }
  // A missing vote counts as if it could still come: only a lead beyond it is a decision.
  if (missing.length > 0 && tally(votes).lead <= missing.length) return 'partial';
  // Said at the soft deadline and overtaken since: it was never the plurality of all.
  if (overtaken) return 'partial';
  return tied ? 'tied' : 'decided';
}

/** The words of an answer: those of its best speaker. */
export function answerOf(
  members: readonly MemberOutcome[],
  key: string,
  accuracyOf: (memberId: string) => number,
): string {
  const speakers = members.filter((member) => member.key === key);
  const best = speakers.reduce<MemberOutcome | undefined>(
    (a, b) => (a === undefined || accuracyOf(b.id) > accuracyOf(a.id) ? b : a),
    undefined,
  );
  return best?.answer.trim() ?? key;
}

/**
 * What a finished round says: the announced answer if there was one, else the plurality of all votes; who differs,
 * who is missing, and whether a late vote would have changed it.
 */
export function concludeRound(input: ConclusionInput): Conclusion {
  const { members, accuracyOf, verdictKey } = input;
  const votes = votesOf(members);
  const missing = members.filter((member) => MISSING.has(member.status)).map((member) => member.id);
  const winner = pluralityWinner(votes, accuracyOf);
  const key = verdictKey ?? winner?.key ?? null;
  const textOf = (wanted: string): string => answerOf(members, wanted, accuracyOf);
  const lateWouldFlip = verdictKey !== null && winner !== null && winner.key !== verdictKey;
  const inFavour = votes.filter((vote) => vote.key === key).length;
  return {
    outcome: outcomeOf(input, votes, missing, winner?.tied ?? false, lateWouldFlip),
    answer: key === null ? null : textOf(key),
    key,
    agreement: votes.length === 0 ? 0 : inFavour / votes.length,
    callsSaved: members.filter((member) => member.status === 'cut').length,
    members: [...members],
    dissent: tally(votes)
      .groups.filter((group) => group.key !== key)
      .map((group) => ({ key: group.key, answer: textOf(group.key), members: [...group.members] })),
    missing,
    lateWouldFlip,
  };
}
