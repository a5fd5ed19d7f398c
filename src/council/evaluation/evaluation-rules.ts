import { ruleNamed } from '../rules/rule-named.ts';
import type { RuleSet } from './judged.ts';

/** The rules that evaluations replay: those that need nothing besides the answers. */
export const EVALUATION_RULES: RuleSet = {
  plurality: ruleNamed('plurality'),
  'slm-mux': ruleNamed('slm-mux'),
  'model-switch': ruleNamed('model-switch'),
  confidence: ruleNamed('confidence'),
  pairwise: ruleNamed('pairwise'),
};
