import { err, ok } from '#kernel/result';
import type { Deliberation, MemberOutcome } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import { concludeRound, type Conclusion } from './conclusion.ts';
import { isDecided, pluralityWinner, tally, type Vote } from './plurality.ts';

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
  const accuracyOf = (id: string): number => members.find((member) => member.id === id)?.accuracy ?? 0;
  const announced = announcedAfter === null ? null : announcement(members, order, announcedAfter, accuracyOf);
  const conclusion = concludeRound({
    members,
    accuracyOf,
    verdictKey: announced?.key ?? null,
    stoppedByUser,
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

/** What was announced when so many parts had ended: the decision, or at the soft deadline what the quorum said. */
function announcement(
  members: readonly MemberOutcome[],
  order: readonly string[],
  ended: number,
  accuracyOf: (id: string) => number,
): { readonly key: string; readonly early: boolean } | null {
  const heard = new Set(order.slice(0, ended));
  const votes: Vote[] = members.flatMap(({ id, key }) =>
    key !== null && heard.has(id) ? [{ memberId: id, key }] : [],
  );
  const winner = pluralityWinner(votes, accuracyOf);
  if (winner === null) return null;
  return { key: winner.key, early: isDecided(tally(votes), members.length - ended) };
}

/** Of plain data. */
function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
