import { tally } from '../plurality.ts';
import { isWeighed, votesBestFirst } from '../rules/ballot-order.ts';
import { allOutstanding, type Stop } from './stop.ts';

/** Threshold of the paper's experiments. At it four votes have to agree before anything stops. */
export const ADAPTIVE_CONFIDENCE = 0.95;

/**
 * Probability that the leading answer is the more frequent of the two leading ones, with a uniform prior:
 * P(p > ½), p ~ Beta(a + 1, b + 1), which is P(Bin(a + b + 1, ½) ≤ a) = Σ_{j=0..a} C(a + b + 1, j) / 2^(a+b+1).
 * @param a votes of the leading answer
 * @param b votes of the second
 */
export function leadConfidence(a: number, b: number): number {
  const n = a + b + 1;
  let term = 2 ** -n; // C(n, 0) / 2ⁿ; underflows beyond 1,074 votes
  let sum = term;
  for (let j = 1; j <= a; j += 1) {
    term *= (n - j + 1) / j;
    sum += term;
  }
  return Math.min(1, sum);
}

/**
 * Adaptive-Consistency (Aggarwal et al., arXiv 2305.11860) in closed form: stops plurality when the lead is that probable. May
 * change the answer. With three votes it never stops anything: 3:0 gives 0.9375. Nor where votes have weights: it is of
 * equal ones.
 */
export function adaptiveConsistency(threshold = ADAPTIVE_CONFIDENCE): Stop {
  return (progress) => {
    if (isWeighed(progress.ballot)) return null;
    const { leaders, groups } = tally(votesBestFirst(progress.ballot));
    const [leader] = leaders;
    if (leader === undefined || leaders.length > 1 || allOutstanding(progress) === 0) return null;
    const confidence = leadConfidence(groups[0]?.members.length ?? 0, groups[1]?.members.length ?? 0);
    return confidence >= threshold ? leader : null;
  };
}
