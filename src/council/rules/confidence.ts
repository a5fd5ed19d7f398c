import { assert } from '#kernel/assert';
import type { Rule } from '#contracts/rules';
import {
  isVote,
  membersBestFirst,
  samplesOf,
  weighedVerdict,
  weightsIn,
  type CastVote,
} from './ballot-order.ts';
import { plurality } from './plurality.ts';

/**
 * Temperature where nobody has tuned it: the most confident of a member's votes then weighs at most e times its least. The
 * paper tunes it for each model on held-out questions; ours is not measured yet.
 */
export const CISC_TEMPERATURE = 1;

/** Below it e^(1/T) runs out of doubles. */
const LEAST_TEMPERATURE = 0.01;

/** Confidence as the rule takes it: within 0..1; null where the member was not asked. */
export function boundedConfidence({ confidence }: Pick<CastVote, 'confidence'>): number | null {
  return confidence === null || Number.isNaN(confidence) ? null : Math.min(1, Math.max(0, confidence));
}

/** Weights of one member's votes: n·softmax(c/T). Votes without a confidence take the mean of those that have one. */
function weightsOf(votes: readonly CastVote[], temperature: number): readonly number[] {
  const given = votes.flatMap((vote) => boundedConfidence(vote) ?? []);
  const mean = given.length === 0 ? 0 : given.reduce((sum, c) => sum + c, 0) / given.length;
  const raw = votes.map((vote) => Math.exp(((boundedConfidence(vote) ?? mean) - 1) / temperature));
  const total = raw.reduce((sum, each) => sum + each, 0);
  return raw.map((each) => (each * votes.length) / total);
}

/**
 * Confidence-informed self-consistency (CISC, arXiv 2502.06233): w_i = exp(c_i/T) / Σ_j exp(c_j/T), â = argmaxₐ Σᵢ wᵢ·1[aᵢ = a].
 * Confidences of different models cannot be compared, so the softmax is taken within each member, and a member's weights sum
 * to the number of its votes: for one member it is CISC, with equal or no confidences it is plurality, and so it is where
 * every member has a single vote. A key's score is its weight. Where members have weights themselves, all of a member's are
 * multiplied by its own; where only members of weight 0 spoke, plurality decides, and says so.
 * @param temperature T, at least 0.01
 */
export function confidenceWeighted(temperature = CISC_TEMPERATURE): Rule {
  assert(temperature >= LEAST_TEMPERATURE, 'the temperature of confidences is at least 0.01');
  return (ballot) => {
    const weights = new Map<CastVote, number>();
    const memberWeight = weightsIn(ballot);
    for (const { id } of membersBestFirst(ballot)) {
      const votes = samplesOf(ballot, id).filter(isVote);
      const own = weightsOf(votes, temperature);
      votes.forEach((vote, index) => weights.set(vote, (own[index] ?? 0) * memberWeight(id)));
    }
    return weighedVerdict([...weights.keys()], (vote) => weights.get(vote) ?? 0) ?? plurality(ballot);
  };
}
