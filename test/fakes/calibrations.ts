import type { Calibration, MemberCalibration, Recommendation } from '#contracts/calibration';
import type { MemberView } from '#contracts/council';
import { memberFingerprint } from '#contracts/member-fingerprint';

/** What a run found of these members: the first right in 90 of 100 questions, each further one in ten fewer. */
export function calibrationOf(
  views: readonly Pick<MemberView, 'id' | 'backend' | 'parameters' | 'sizeBytes'>[],
  change: Partial<MemberCalibration> = {},
  whole: Partial<Calibration> = {},
): Calibration {
  const members = views.map((view, seat): MemberCalibration => {
    const correct = 90 - 10 * seat;
    return {
      memberId: view.id,
      fingerprint: memberFingerprint(view),
      total: 100,
      correct,
      accuracy: correct / 100,
      ci95: [correct / 100 - 0.05, correct / 100 + 0.05],
      byFamily: { addition: { total: 100, correct } },
      byKind: { number: { total: 100, correct } },
      latencyMs: { p50: 50, p95: 100 },
      tokens: 5,
      ...change,
    };
  });
  const admissions = members.map(({ memberId, accuracy }, seat): Recommendation['admissions'][number] => ({
    memberId,
    accuracy,
    differencePoints: -10 * seat,
    ci95: [-10 * seat - 5, -10 * seat + 5],
    admission: seat === 0 ? 'best' : seat === 1 ? 'fits' : 'refused',
    certain: seat !== 2,
  }));
  return {
    schema: 'witan.calibration-result',
    version: 1,
    recordId: '0123456789abcdef',
    split: 'dev',
    machine: 'Chrome/1 {}',
    questions: 100,
    samples: 1,
    at: 1_700_000_000_000,
    members,
    recommendation: {
      rule: 'plurality',
      lambda: 1,
      questions: 100,
      councils: [],
      admissions,
      versusAlone: null,
      stability: null,
      questionsNeeded: null,
    },
    ...whole,
  };
}
