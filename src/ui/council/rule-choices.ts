import type { RuleName, StopName } from '#contracts/rules';

/** What can be chosen on the page: each needs nothing but the members. */
export const RULE_CHOICES: readonly { readonly value: RuleName | 'auto'; readonly label: string }[] = [
  { value: 'auto', label: 'What suits the question' },
  { value: 'plurality', label: 'Most votes' },
  { value: 'slm-mux', label: 'The most self-consistent member' },
  { value: 'model-switch', label: 'Member after member, until one agrees with itself' },
  { value: 'confidence', label: 'Votes weighed by confidence' },
  { value: 'borda', label: 'Members rank each other (Borda)' },
  { value: 'kemeny', label: 'Members rank each other (Kemeny)' },
  { value: 'pairwise', label: 'Text that shares most words with the others' },
  { value: 'chairman', label: 'A chairman chooses, word for word' },
];

export const STOP_CHOICES: readonly { readonly value: StopName; readonly label: string }[] = [
  { value: 'exact', label: 'When nothing can change it any more' },
  { value: 'adaptive-consistency', label: 'When it is 95\u00a0% likely to stand' },
  { value: 'first-two', label: 'When two agree' },
];

/** Answers that each member may be asked for. */
export const SAMPLE_CHOICES = [1, 3, 5, 9] as const;
