import type { Rule, RuleName, Sample } from '#contracts/rules';
import { borda } from './borda.ts';
import { chairman } from './chairman.ts';
import { confidenceWeighted } from './confidence.ts';
import { kemeny } from './kemeny.ts';
import { medoid } from './medoid.ts';
import { modelSwitch } from './model-switch.ts';
import { pairwise } from './pairwise.ts';
import { plurality } from './plurality.ts';
import { slmMux } from './slm-mux.ts';

/** What some rules need besides the ballot; each that lacks its own falls back, and says so. */
export interface RuleInputs {
  /** CISC's temperature. */
  readonly temperature?: number;
  readonly embeddingOf?: (sample: Sample) => ArrayLike<number> | null;
  /** Key that the chairman chose. */
  readonly choice?: string | null;
}

export function ruleNamed(name: RuleName, inputs: RuleInputs = {}): Rule {
  switch (name) {
    case 'plurality':
      return plurality;
    case 'slm-mux':
      return slmMux;
    case 'model-switch':
      return modelSwitch;
    case 'confidence':
      return confidenceWeighted(inputs.temperature);
    case 'borda':
      return borda;
    case 'kemeny':
      return kemeny;
    case 'medoid':
      return medoid(inputs.embeddingOf ?? (() => null));
    case 'pairwise':
      return pairwise;
    case 'chairman':
      return chairman(inputs.choice ?? null);
  }
}
