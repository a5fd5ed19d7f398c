import type { RuleName, StopName } from '#contracts/rules';
import { adaptiveConsistency } from './adaptive-consistency.ts';
import { exactBorda } from './exact-borda.ts';
import { exactConfidence } from './exact-confidence.ts';
import { exactModelSwitch } from './exact-model-switch.ts';
import { exactPlurality } from './exact-plurality.ts';
import { exactSlmMux } from './exact-slm-mux.ts';
import { firstTwoAgree } from './first-two-agree.ts';
import type { Stop } from './stop.ts';

/**
 * The stop that never changes what the rule says.
 * @param temperature of the confidence rule, where it is not the usual one
 * @returns null where none is known: one more ranking or text can turn Kemeny's order, a medoid and a chairman's mind
 */
export function exactStopOf(rule: RuleName, temperature?: number): Stop | null {
  switch (rule) {
    case 'plurality':
      return exactPlurality;
    case 'slm-mux':
      return exactSlmMux;
    case 'model-switch':
      return exactModelSwitch;
    case 'confidence':
      return exactConfidence(temperature);
    case 'borda':
      return exactBorda;
    case 'kemeny':
    case 'medoid':
    case 'pairwise':
    case 'chairman':
      return null;
  }
}

/** A stop by name, for votes on short answers; null: that rule has none. */
export function stopNamed(stop: StopName, rule: RuleName): Stop | null {
  switch (stop) {
    case 'exact':
      return exactStopOf(rule);
    case 'adaptive-consistency':
      return adaptiveConsistency();
    case 'first-two':
      return firstTwoAgree;
  }
}
