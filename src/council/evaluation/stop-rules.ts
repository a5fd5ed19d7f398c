import type { StopName } from '#contracts/rules';

/** Votes of the two leading keys, and how many have not voted. */
interface Standing {
  readonly first: number;
  readonly second: number;
  readonly outstanding: number;
}

/** Aggarwal et al., "Let's Sample Step by Step", EMNLP 2023: the confidence that their paper uses throughout. */
const ADAPTIVE_CONFIDENCE = 0.95;

/**
 * Chance that the leading of two keys is the more frequent one in the long run, from so many votes each: the tail of
 * Beta(a + 1, b + 1) above ½, in its closed form Σⱼ₌₀ᵃ C(a + b + 1, j) / 2^(a + b + 1).
 */
export function leadConfidence(first: number, second: number): number {
  const n = first + second + 1;
  let term = 2 ** -n;
  let total = term;
  for (let j = 1; j <= first; j += 1) {
    term *= (n - j + 1) / j;
    total += term;
  }
  return total;
}

/** Whether the vote may end with the leading key (research/council.md §2 A5). Asked after each vote that came. */
export const STOP_RULES: Readonly<Record<StopName, (standing: Standing) => boolean>> = {
  /** The answer is that of the full vote, whatever the others say. */
  exact: ({ first, second, outstanding }) => first - second > outstanding,
  'adaptive-consistency': ({ first, second }) =>
    first > second && leadConfidence(first, second) >= ADAPTIVE_CONFIDENCE,
  'first-two': ({ first, second }) => first >= 2 && first > second,
};
