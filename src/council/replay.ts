import { err, ok } from '#kernel/result';
import type { Deliberation, MemberOutcome } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import { concludeRound, type Conclusion } from './conclusion.ts';
import { standingOf } from './member-say.ts';
import { ballotOf } from './round-ballot.ts';
import { COMPARING } from './round-plan.ts';
import { ruleNamed } from './rules/rule-named.ts';
import { exactStopOf, stopNamed } from './stops/stop-named.ts';

/** What the same rule makes of a record, and in what it differs from what the record says. */
export interface Replayed {
  readonly conclusion: Conclusion;
  readonly decidedEarly: boolean;
  /** Names of the fields in which the record says otherwise; empty: it holds what was decided. */
  readonly differences: readonly (keyof Conclusion | 'decidedEarly')[];
}

const COMPARED = [
  'outcome',
  'answer',
  'key',
  'agreement',
  'callsSaved',
  'dissent',
  'missing',
  'lateWouldFlip',
] as const;

/**
 * Decides anew from the members' votes, the order in which they ended, the moment of the announcement and the accuracies,
 * all as recorded; what the record says of its outcome is looked at only to compare.
 * Errors: record-invalid with reason `evidence` (a record from before these were written) or `members` (an order that no
 * round has).
 */
export function replay(record: Deliberation): Outcome<Replayed> {
  const { members, announcedAfter, stoppedByUser } = record;
  const complete = members.every(
    ({ accuracy, endedAs, key }) => key === null || (accuracy !== undefined && endedAs !== undefined),
  );
  if (announcedAfter === undefined || stoppedByUser === undefined || !complete)
    return err(failure('record-invalid', { reason: 'evidence' }));
  const order = inOrder(members);
  if (order === null || (announcedAfter ?? 0) > members.length)
    return err(failure('record-invalid', { reason: 'members' }));
  const accuracyOf = (id: string): number =>
    standingOf(id, members.find((member) => member.id === id)?.accuracy ?? 0, record.tieBreaker);
  const announced =
    announcedAfter === null
      ? null
      : announcement(record, new Set(order.slice(0, announcedAfter)), accuracyOf);
  const { rule, samplesEach: samples = 1, rankings = [], chair = null, weights = null } = record;
  const conclusion = concludeRound({
    members,
    accuracyOf,
    verdictKey: announced?.key ?? null,
    stoppedByUser,
    rule,
    samples,
    rankings,
    chair,
    weights,
  });
  const decidedEarly = announced?.early ?? false;
  const differences = [
    ...COMPARED.filter((name) => !isEqual(conclusion[name], record[name])),
    ...(decidedEarly === record.decidedEarly ? [] : (['decidedEarly'] as const)),
  ];
  return ok({ conclusion, decidedEarly, differences });
}

/** Ids in the order in which their parts ended; null when two ended as the same. */
function inOrder(members: readonly MemberOutcome[]): readonly string[] | null {
  const places = members.flatMap(({ endedAs }) => endedAs ?? []);
  if (new Set(places).size !== places.length || new Set(members.map(({ id }) => id)).size !== members.length)
    return null;
  return [...members]
    .filter(({ endedAs }) => endedAs !== undefined)
    .sort((a, b) => (a.endedAs ?? 0) - (b.endedAs ?? 0))
    .map(({ id }) => id);
}

/**
 * What was announced when so many parts had ended: the decision, or at the soft deadline what the quorum said. Of members
 * that were asked several times their answers up to that moment count.
 */
function announcement(
  record: Deliberation,
  ended: ReadonlySet<string>,
  accuracyOf: (id: string) => number,
): { readonly key: string; readonly early: boolean } | null {
  const { members, rule, stop = 'exact', samplesEach = 1, decidedMs, announcedAnswers = 0, weights } = record;
  const whole = ballotOf(members, accuracyOf, [], weights);
  const samples = whole.samples.filter(({ memberId, arrival, heardAs }) => {
    if (samplesEach === 1) return ended.has(memberId);
    return heardAs === undefined ? arrival <= (decidedMs ?? Infinity) : heardAs < announcedAnswers;
  });
  const ballot = { ...whole, samples };
  const winner = ruleNamed(rule)(ballot);
  if (winner === null) return null;
  const outstanding = new Map(
    members.map(({ id }) => {
      const heard = samples.filter(({ memberId }) => memberId === id).length;
      return [id, ended.has(id) ? 0 : samplesEach - heard];
    }),
  );
  const progress = { ballot, outstanding };
  const named = stop === 'exact' || COMPARING.has(rule) ? null : stopNamed(stop, rule);
  const key = exactStopOf(rule)?.(progress) ?? named?.(progress);
  return { key: key ?? winner.key, early: (key ?? null) !== null };
}

/** Of plain data. */
function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
