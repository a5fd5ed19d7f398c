import { quantileOfSorted } from '#kernel/statistics-order';
import { wilsonInterval } from '#kernel/statistics-proportions';
import type { AnswerKind } from '#contracts/deliberation';
import type { Calibration, MemberCalibration, RecordedBallot, RecordedMember } from '#contracts/calibration';
import { isRight, judge, samplesOf, type Judged } from './judged.ts';

/**
 * Questions of a kind that count as much as all that is known of the member: with fewer, its accuracy of that kind is mostly
 * its accuracy overall. Ten right or wrong answers say little more than ±30 points (Wilson).
 */
const PRIOR_QUESTIONS = 10;

function tallies(
  judged: readonly Judged[],
  right: readonly boolean[],
  of: (each: Judged) => string,
): Record<string, { total: number; correct: number }> {
  const groups: Record<string, { total: number; correct: number }> = {};
  for (const [index, each] of judged.entries()) {
    const group = (groups[of(each)] ??= { total: 0, correct: 0 });
    group.total += 1;
    if (right[index] === true) group.correct += 1;
  }
  return groups;
}

/** What a record says of each of its members, by their greedy answers; the times by all their answers. */
export function memberCalibrations(
  members: readonly RecordedMember[],
  ballots: readonly RecordedBallot[],
): MemberCalibration[] {
  const judged = judge(ballots, members);
  return members.map(({ id, fingerprint }) => {
    const right = judged.map((each) =>
      isRight(each, samplesOf(each, 1, (memberId) => memberId === id)[0]?.key),
    );
    const answers = judged
      .flatMap((each) => samplesOf(each, Infinity, (memberId) => memberId === id))
      .filter(({ error }) => error === undefined);
    const durations = answers.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
    const at = (p: number): number => (durations.length === 0 ? 0 : quantileOfSorted(durations, p));
    const correct = right.filter(Boolean).length;
    return {
      memberId: id,
      fingerprint,
      total: right.length,
      correct,
      accuracy: right.length === 0 ? 0 : correct / right.length,
      ci95: [...wilsonInterval(correct, right.length)],
      byFamily: tallies(judged, right, ({ family }) => family),
      byKind: tallies(judged, right, ({ kind }) => kind),
      latencyMs: { p50: at(0.5), p95: at(0.95) },
      tokens: answers.reduce((sum, { tokens }) => sum + tokens, 0) / Math.max(1, answers.length),
    };
  });
}

/**
 * How often this member is right in questions of this kind, as rules want it (`RuleMember.accuracy`), 0..1: its share there,
 * drawn towards its share overall by as much as ten questions weigh.
 * @param fingerprint what answers behind the member now
 * @returns null where it was not measured, or something else was under its name
 */
export function accuracyFor(
  calibration: Pick<Calibration, 'members'>,
  { memberId, fingerprint }: Pick<MemberCalibration, 'memberId' | 'fingerprint'>,
  kind: AnswerKind,
): number | null {
  const found = calibration.members.find((member) => member.memberId === memberId);
  if (found === undefined || found.fingerprint !== fingerprint || found.total === 0) return null;
  const { total, correct } = found.byKind[kind] ?? { total: 0, correct: 0 };
  return (correct + PRIOR_QUESTIONS * found.accuracy) / (total + PRIOR_QUESTIONS);
}
