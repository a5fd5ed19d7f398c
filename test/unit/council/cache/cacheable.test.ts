import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { DeliberationSchema, type Deliberation, type MemberOutcome } from '#contracts/deliberation';
import { cachedRecord, eventsOfCached, isCacheable } from '../../../../src/council/cache/cacheable.ts';
import { deliberation } from '../../../fakes/deliberations.ts';

const RECORD = deliberation('a', 100);
const withPart = (change: Partial<MemberOutcome>): Partial<Deliberation> => ({
  members: RECORD.members.map((member, at) => (at === 0 ? { ...member, ...change } : member)),
});

describe('an answer is kept', () => {
  it.each<[string, Partial<Deliberation>]>([
    ['when all have answered', {}],
    ['when it was tied', { outcome: 'tied' }],
    ['when nobody knew', { outcome: 'abstained', answer: null, key: null }],
    ['when a member was cut, for it could not have changed it', withPart({ status: 'cut', key: null })],
    ['when the user called it good', { rating: 'good' }],
  ])('%s', (_when, change) => {
    expect(isCacheable({ ...RECORD, ...change })).toBe(true);
  });

  it.each<[string, Partial<Deliberation>]>([
    ['a quorum said', { outcome: 'partial' }],
    ['the user stopped', { outcome: 'stopped' }],
    ['failed', { outcome: 'failed' }],
    ['lacks a member', { missing: ['birch'] }],
    ['a late vote would have changed', { lateWouldFlip: true }],
    ['has a late vote', withPart({ status: 'late' })],
    ['has a member that was lost on the way', withPart({ restarts: 1 })],
    ['has a member that ran out of time', withPart({ status: 'timeout' })],
    ['came from the cache itself', { cached: { roundId: 'b', storedAt: 1, ageMs: 1 } }],
    ['the user called bad', { rating: 'bad' }],
    ['has no members', { members: [] }],
  ])('but not one that %s', (_what, change) => {
    expect(isCacheable({ ...RECORD, ...change })).toBe(false);
  });
});

describe('a record from the cache', () => {
  const moment = { id: 'new', nowMs: 5_000, storedAt: 2_000, tookMs: 3 };

  it('is marked, has the times of now, and the evidence of then', () => {
    const kept = { ...RECORD, rating: 'good', threadId: 'old-thread', announcedAfter: 1 } as const;
    const record = cachedRecord(kept, { ...moment, threadId: 'thread' });
    expect(record).toMatchObject({
      id: 'new',
      askedAt: 5_000,
      wallMs: 3,
      decidedMs: 3,
      answer: '85',
      announcedAfter: 1,
      threadId: 'thread',
      cached: { roundId: 'a', storedAt: 2_000, ageMs: 3_000 },
    });
    expect(record.members).toEqual(RECORD.members);
    expect(record.rating).toBeUndefined();
    expect(v.is(DeliberationSchema, record)).toBe(true);
    expect(cachedRecord(kept, moment).threadId).toBeUndefined();
  });

  it('has no negative age where the clock was set back', () => {
    expect(cachedRecord(RECORD, { ...moment, nowMs: 1_000 }).cached?.ageMs).toBe(0);
  });

  it('is told as a round is', () => {
    const record = cachedRecord(RECORD, moment);
    expect(eventsOfCached(record).map(({ type }) => type)).toEqual([
      'round-started',
      'member-ended',
      'member-ended',
      'round-decided',
      'round-ended',
    ]);
    expect(eventsOfCached({ ...record, answer: null }).map(({ type }) => type)).not.toContain(
      'round-decided',
    );
    expect(new Set(eventsOfCached(record).map(({ roundId }) => roundId))).toEqual(new Set(['new']));
  });
});
