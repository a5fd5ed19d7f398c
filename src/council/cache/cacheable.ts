import type { Deliberation } from '#contracts/deliberation';
import type { RoundEvent } from '#contracts/council';

/** Nobody is missing, and another round of the same question could not end otherwise. */
const WHOLE = new Set<Deliberation['outcome']>(['decided', 'tied', 'abstained']);
/** Of members whose part cannot come out otherwise; a cut one could not have changed the answer. */
const SETTLED = new Set<Deliberation['members'][number]['status']>(['answered', 'abstained', 'cut']);

/**
 * Whether this record may stand for a later round of the same question. What deadlines, faults and stops did to it is no
 * property of the question; what the user called bad is asked again.
 */
export function isCacheable(record: Deliberation): boolean {
  return (
    WHOLE.has(record.outcome) &&
    record.missing.length === 0 &&
    !record.lateWouldFlip &&
    record.cached === undefined &&
    record.rating !== 'bad' &&
    record.members.length > 0 &&
    record.members.every(({ status, restarts }) => SETTLED.has(status) && restarts === undefined)
  );
}

export interface CachedMoment {
  /** Of the record that is made now. */
  readonly id: string;
  /** Epoch, milliseconds. */
  readonly nowMs: number;
  readonly storedAt: number;
  /** From the question to the answer, milliseconds. */
  readonly tookMs: number;
  readonly threadId?: string;
}

/** The record of a question that was answered from the cache: marked, with the times of now and the evidence of then. */
export function cachedRecord(kept: Deliberation, moment: CachedMoment): Deliberation {
  // What was about the round of then, not about its answer.
  const { rating: _rating, threadId: _thread, ...rest } = kept;
  return {
    ...rest,
    id: moment.id,
    askedAt: moment.nowMs,
    decidedMs: kept.answer === null ? null : moment.tookMs,
    wallMs: moment.tookMs,
    frames: null,
    cached: {
      roundId: kept.id,
      storedAt: moment.storedAt,
      // A wall clock that was set back meanwhile makes no negative age.
      ageMs: Math.max(0, moment.nowMs - moment.storedAt),
    },
    ...(moment.threadId === undefined ? {} : { threadId: moment.threadId }),
  };
}

/** What listeners of a round hear when nobody was asked. */
export function eventsOfCached(record: Deliberation): readonly RoundEvent[] {
  const { id: roundId, prompt, members, answer, agreement } = record;
  return [
    { type: 'round-started', roundId, prompt, members: members.map(({ id }) => id) },
    ...members.map((member): RoundEvent => ({ type: 'member-ended', roundId, member })),
    ...(answer === null
      ? []
      : [{ type: 'round-decided', roundId, answer, agreement, outstanding: [], fixed: true } as const]),
    { type: 'round-ended', roundId, deliberation: record },
  ];
}
