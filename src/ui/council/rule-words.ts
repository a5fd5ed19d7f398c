import type { RuleName } from '#contracts/rules';

/** Names of rules as they stand in a sentence about a result. */
const NAMES: Readonly<Record<RuleName, string>> = {
  plurality: 'plurality',
  'slm-mux': 'most self-consistent member',
  'model-switch': 'member after member',
  confidence: 'weighed by confidence',
  borda: 'ranked by members (Borda)',
  kemeny: 'ranked by members (Kemeny)',
  medoid: 'nearest in meaning to all',
  pairwise: 'shares most words with the others',
  chairman: 'chosen by the chairman',
};

export const ruleName = (rule: RuleName): string => NAMES[rule];
