import { describe, expect, it } from 'vitest';
import { accuracyFor, memberCalibrations } from '../../../../src/council/evaluation/member-calibration.ts';
import { ALDER_BIRCH_CEDAR, recordedBallot } from '../../../fakes/recorded-ballots.ts';

const BALLOTS = [
  recordedBallot(1, [[1, 2], [2, 1], [1]], { id: 'a' }),
  recordedBallot(2, [[2, 2], [2, 2], [null]], { id: 'b', family: 'sorting', kind: 'list' }),
  recordedBallot(3, [[4, 3], [3, 3], ['?']], { id: 'c' }),
];

describe('what a record says of its members', () => {
  const [alder, birch, cedar] = memberCalibrations(ALDER_BIRCH_CEDAR, BALLOTS);

  it('counts their first answers, in all, by family and by kind', () => {
    expect(alder).toMatchObject({
      memberId: 'alder',
      fingerprint: 'cpu alder',
      total: 3,
      correct: 2,
      byFamily: { addition: { total: 2, correct: 1 }, sorting: { total: 1, correct: 1 } },
      byKind: { number: { total: 2, correct: 1 }, list: { total: 1, correct: 1 } },
    });
    expect(birch?.correct).toBe(2);
    expect(cedar?.correct).toBe(1);
    expect(alder?.ci95[0]).toBeGreaterThan(0);
  });

  it('takes times and tokens of all answers that were given', () => {
    expect(alder).toMatchObject({ latencyMs: { p50: 5, p95: 5 }, tokens: 10 });
    const late = recordedBallot(1, [[1, 1]]);
    const samples = late.samples.map((each, place) => ({ ...each, durationMs: place === 0 ? 10 : 30 }));
    const failed = { ...samples[0], memberId: 'alder', index: 2, durationMs: 500, error: 'context-exceeded' };
    const [timed] = memberCalibrations(ALDER_BIRCH_CEDAR, [
      { ...late, samples: [...samples, { ...recordedBallot(1, [[1]]).samples[0], ...failed } as never] },
    ]);
    expect(timed?.latencyMs).toEqual({ p50: 20, p95: 29 });
  });

  it('knows nothing from nothing', () => {
    expect(memberCalibrations(ALDER_BIRCH_CEDAR, [])[0]).toMatchObject({
      total: 0,
      accuracy: 0,
      ci95: [0, 1],
      latencyMs: { p50: 0, p95: 0 },
    });
  });
});

describe('the accuracy that rules take', () => {
  const member = {
    memberId: 'alder',
    fingerprint: 'now',
    total: 100,
    correct: 60,
    accuracy: 0.6,
    ci95: [0.5, 0.7] as [number, number],
    byFamily: {},
    byKind: { number: { total: 90, correct: 81 }, list: { total: 2, correct: 0 } },
    latencyMs: { p50: 1, p95: 2 },
    tokens: 3,
  };
  const of = (kind: 'number' | 'list' | 'free', whose = { memberId: 'alder', fingerprint: 'now' }) =>
    accuracyFor({ members: [member] }, whose, kind);

  it('is that of the kind where much was asked, and nearly the overall one where little was', () => {
    expect(of('number')).toBeCloseTo((81 + 6) / 100, 12);
    expect(of('list')).toBeCloseTo(6 / 12, 12);
    expect(of('free')).toBeCloseTo(0.6, 12);
  });

  it('is unknown for others, and for another model under the same name', () => {
    expect(of('number', { memberId: 'birch', fingerprint: 'now' })).toBeNull();
    expect(of('number', { memberId: 'alder', fingerprint: 'before' })).toBeNull();
    expect(accuracyFor({ members: [{ ...member, total: 0 }] }, member, 'number')).toBeNull();
  });
});
