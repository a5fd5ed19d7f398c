import type { Calibration, MemberCalibration } from '#contracts/calibration';
import type { MemberView } from '#contracts/council';
import { memberFingerprint } from '#contracts/member-fingerprint';
import type { MeasuredAnswers, PlanCandidate } from '#contracts/plan';

type Predicted = Pick<PlanCandidate['prediction'], 'id' | 'engine' | 'backend' | 'parameters' | 'sizeBytes'>;

/** What a model answered on this device. */
export interface ModelAnswers {
  /** Share of right answers, 0..1. */
  readonly accuracy: number;
  readonly measured: MeasuredAnswers;
}

/** Whether what was measured is this model: as it sits on the council now, else as it would if it had a seat. */
function isOf(member: MemberCalibration, model: Predicted, seated: readonly MemberView[]): boolean {
  if (member.memberId !== model.id) return false;
  const view = seated.find(({ id }) => id === model.id);
  if (view !== undefined) return memberFingerprint(view) === member.fingerprint;
  // The bundled models run on the processor, whatever else does.
  const backend = model.engine === 'starter' ? 'cpu' : model.backend;
  const { parameters, sizeBytes } = model;
  // WebLLM's id names the quantization; of its size nothing is predicted.
  if (sizeBytes === null) return member.fingerprint.startsWith(`${[backend, parameters ?? 0].join(' ')} `);
  return member.fingerprint === memberFingerprint({ backend, parameters: parameters ?? 0, sizeBytes });
}

/**
 * What was measured of these models, by their ids: of one run, so that all were asked the same.
 * @param machine this device and browser: times hold for no other
 */
export function modelAnswers(
  calibration: Calibration | null,
  models: readonly Predicted[],
  seated: readonly MemberView[],
  machine: string,
): ReadonlyMap<string, ModelAnswers> {
  const answers = new Map<string, ModelAnswers>();
  if (calibration === null) return answers;
  for (const model of models) {
    const member = calibration.members.find((each) => isOf(each, model, seated));
    if (member === undefined || member.total === 0) continue;
    const { accuracy, total: questions, ci95, latencyMs, tokens } = member;
    const answerMs = calibration.machine === machine ? latencyMs : null;
    answers.set(model.id, { accuracy, measured: { questions, ci95, answerMs, tokens } });
  }
  // Some of the bundled models on these questions and the others on those they were made with: no one scale for all.
  const bundled = models.filter(({ engine }) => engine === 'starter');
  if (bundled.some(({ id }) => !answers.has(id))) for (const { id } of bundled) answers.delete(id);
  return answers;
}
