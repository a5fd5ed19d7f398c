import { samplesOf } from '../rules/ballot-order.ts';
import { modelSwitchStep } from '../rules/model-switch.ts';
import { outstandingOf, type Stop } from './stop.ts';

/**
 * ModelSwitch stops by its own nature: the first member, most accurate first, whose samples are all in and agree has the say,
 * and nothing that members after it do is looked at. Until then the outcome is open: whoever disagrees with itself passes
 * the question on, and the weighed vote needs everybody. A member without any sample that is not asked any more is passed over.
 */
export const exactModelSwitch: Stop = (progress) => {
  const { ballot } = progress;
  const step = modelSwitchStep(ballot, (id) => samplesOf(ballot, id).length + outstandingOf(progress, id));
  return step.over ? (step.verdict?.key ?? null) : null;
};
