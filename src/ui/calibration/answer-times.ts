import { quantileOfSorted } from '#kernel/statistics-order';
import type { Calibration } from '#contracts/calibration';
import type { MemberView } from '#contracts/council';
import type { Deliberation } from '#contracts/deliberation';
import { memberFingerprint } from '#contracts/member-fingerprint';
import type { AnswerTimes } from './run-time.ts';

/** Answers of a member in the history that say something of its pace. */
const LEAST_ANSWERS = 3;

function ofHistory({ id }: MemberView, history: readonly Deliberation[]): AnswerTimes | null {
  const durations = history
    .filter(({ cached }) => cached === undefined)
    .flatMap(({ members }) => members)
    .filter((part) => part.id === id && (part.status === 'answered' || part.status === 'late'))
    .map(({ durationMs, samples }) => durationMs / Math.max(1, samples?.length ?? 1))
    .sort((a, b) => a - b);
  if (durations.length < LEAST_ANSWERS) return null;
  return { p50: quantileOfSorted(durations, 0.5), p95: quantileOfSorted(durations, 0.95) };
}

/** How long these members took for an answer: in the newest run, else in rounds. Null where one of them never answered. */
export function answerTimes(
  members: readonly MemberView[],
  calibration: Calibration | null,
  history: readonly Deliberation[],
): readonly AnswerTimes[] | null {
  const times = members.map((view) => {
    const measured = calibration?.members.find(
      ({ memberId, fingerprint }) => memberId === view.id && fingerprint === memberFingerprint(view),
    );
    return measured?.latencyMs ?? ofHistory(view, history);
  });
  const known = times.filter((each) => each !== null);
  return known.length === members.length && members.length > 0 ? known : null;
}
