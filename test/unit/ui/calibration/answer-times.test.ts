import { expect, it } from 'vitest';
import type { Deliberation } from '#contracts/deliberation';
import { answerTimes } from '../../../../src/ui/calibration/answer-times.ts';
import { calibrationOf } from '../../../fakes/calibrations.ts';
import { deliberation, memberView } from '../../../fakes/port-data.ts';

const VIEWS = ['alder', 'birch', 'cedar'].map((id) => memberView(id));
const round = (durationMs: number, change: Partial<Deliberation> = {}): Deliberation => {
  const played = deliberation();
  return {
    ...played,
    ...change,
    members: played.members.map((member) => ({ ...member, status: 'answered', durationMs })),
  };
};

it('is of the newest run where the same members answered', () => {
  const calibration = calibrationOf(VIEWS, { latencyMs: { p50: 40, p95: 90 } });
  expect(answerTimes(VIEWS, calibration, [])).toEqual(VIEWS.map(() => ({ p50: 40, p95: 90 })));
  const other = VIEWS.map((view) => ({ ...view, sizeBytes: view.sizeBytes + 1 }));
  expect(answerTimes(other, calibration, [])).toBeNull();
});

it('is of rounds where nobody was measured, of three answers at least, and of none from the cache', () => {
  const rounds = [round(10), round(20), round(30)];
  expect(answerTimes(VIEWS, null, rounds)?.[0]).toMatchObject({ p50: 20 });
  expect(answerTimes(VIEWS, null, rounds.slice(1))).toBeNull();
  const cached = { roundId: 'r', storedAt: 0, ageMs: 0 };
  expect(answerTimes(VIEWS, null, [...rounds.slice(1), round(1, { cached })])).toBeNull();
  expect(answerTimes([], null, rounds)).toBeNull();
});
