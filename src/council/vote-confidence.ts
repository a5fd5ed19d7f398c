import type { Generation } from '#contracts/engine';

/** Geometric mean of the tokens' probabilities: CISC's "response probability" (arXiv 2502.06233). Null: none were asked for. */
export function confidenceOf({ logprobs = [] }: Pick<Generation, 'logprobs'>): number | null {
  const total = logprobs.reduce((sum, { logprob }) => sum + logprob, 0);
  if (logprobs.length === 0 || Number.isNaN(total)) return null;
  return Math.min(1, Math.exp(total / logprobs.length));
}
