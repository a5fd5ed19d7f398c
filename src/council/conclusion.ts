import type { Deliberation, MemberOutcome, RoundOutcome } from '#contracts/deliberation';
import type { Ballot, RuleName, RuleVerdict } from '#contracts/rules';
import type { Weights } from './member-say.ts';
import { tally } from './plurality.ts';
import { quoteOf, votesBestFirst } from './rules/ballot-order.ts';
import { ballotOf } from './round-ballot.ts';
import { ruleNamed } from './rules/rule-named.ts';
import { exactStopOf } from './stops/stop-named.ts';
import type { Chair } from './chair-stage.ts';

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
  | 'fallback'
>;

export interface ConclusionInput {
  readonly members: readonly MemberOutcome[];
  readonly accuracyOf: (memberId: string) => number;
  /** The key that was announced during the round, if any. */
  readonly verdictKey: string | null;
  readonly stoppedByUser: boolean;
  /** Absent: plurality. */
  readonly rule?: RuleName;
  /** Answers that each member was to give; absent: one. */
  readonly samples?: number;
  readonly rankings?: Ballot['rankings'];
  readonly chair?: Chair | null;
  /** What votes count; absent: all alike. */
  readonly weights?: Weights | null;
}

/** Members of these statuses gave no vote, or not all of theirs, although they were wanted. */
const MISSING = new Set<MemberOutcome['status']>(['timeout', 'lost', 'stopped', 'failed']);

/** Whether what the missing ones did not say could have changed the outcome. */
function isOpen(ballot: Ballot, missing: readonly MemberOutcome[], input: ConclusionInput): boolean {
  if (missing.length === 0) return false;
  const stop = exactStopOf(input.rule ?? 'plurality');
  const outstanding = new Map(
    missing.map(({ id, samples = [], key }) => [
      id,
      Math.max(1, (input.samples ?? 1) - Math.max(samples.length, key === null ? 0 : 1)),
    ]),
  );
  // Of a rule that no exact stop is known of nobody can tell.
  return stop === null || stop({ ballot, outstanding }) === null;
}

function outcomeOf(
  input: ConclusionInput,
  ballot: Ballot,
  missing: readonly MemberOutcome[],
  tied: boolean,
  overtaken: boolean,
): RoundOutcome {
  if (votesBestFirst(ballot).length === 0) {
    if (input.stoppedByUser) return 'stopped';
    return input.members.some((member) => member.status === 'abstained') &&
      missing.length < input.members.length
      ? 'abstained'
      : 'failed';
  }
  // A missing vote counts as if it could still come: only what it could not change is a decision.
  if (isOpen(ballot, missing, input)) return 'partial';
  // Said at the soft deadline and overtaken since: it was never what all of them say.
  if (overtaken) return 'partial';
  return tied ? 'tied' : 'decided';
}

/** The words of an answer: those of its best speaker. */
export function answerOf(
  members: readonly MemberOutcome[],
  key: string,
  accuracyOf: (memberId: string) => number,
): string {
  const ballot = ballotOf(members, accuracyOf);
  const speaker = votesBestFirst(ballot).find((vote) => vote.key === key);
  return speaker?.text.trim() ?? key;
}

/** What the rule says of everything on record. */
export function verdictOfAll(input: ConclusionInput): RuleVerdict | null {
  const { members, accuracyOf, rule = 'plurality', rankings, chair, weights } = input;
  return ruleNamed(rule, { choice: chair?.choice ?? null })(ballotOf(members, accuracyOf, rankings, weights));
}

/** Answers that were not asked for, or not heard to their end, because the vote was decided. */
function saved({ samples, status }: MemberOutcome, planned: number): number {
  return status === 'cut' ? planned - (samples?.length ?? 0) : 0;
}

/**
 * What a finished round says: the announced answer if there was one, else that of the rule over all votes; who differs, who
 * is missing, and whether a late vote would have changed it.
 */
export function concludeRound(input: ConclusionInput): Conclusion {
  const { members, accuracyOf, verdictKey, rankings, weights, samples = 1 } = input;
  const ballot = ballotOf(members, accuracyOf, rankings, weights);
  const votes = votesBestFirst(ballot);
  const missing = members.filter((member) => MISSING.has(member.status));
  const winner = verdictOfAll(input);
  const key = verdictKey ?? winner?.key ?? null;
  const textOf = (wanted: string): string =>
    winner?.key === wanted ? quoteOf(ballot, winner) : answerOf(members, wanted, accuracyOf);
  const lateWouldFlip = verdictKey !== null && winner !== null && winner.key !== verdictKey;
  const inFavour = votes.filter((vote) => vote.key === key).length;
  return {
    outcome: outcomeOf(input, ballot, missing, winner?.tied ?? false, lateWouldFlip),
    answer: key === null ? null : textOf(key),
    key,
    agreement: votes.length === 0 ? 0 : inFavour / votes.length,
    callsSaved: members.reduce((sum, member) => sum + saved(member, samples), 0),
    members: [...members],
    dissent: tally(votesInOrder(ballot))
      .groups.filter((group) => group.key !== key)
      .map((group) => ({
        key: group.key,
        answer: textOf(group.key),
        members: [...new Set(group.members)],
      })),
    missing: missing.map(({ id }) => id),
    lateWouldFlip,
    ...(winner?.fallback === undefined ? {} : { fallback: winner.fallback }),
  };
}

/** In the order of the roster, so that equal groups stand as their members do. */
function votesInOrder({ samples }: Ballot): { memberId: string; key: string }[] {
  return samples.flatMap(({ memberId, key }) => (key === null ? [] : [{ memberId, key }]));
}
