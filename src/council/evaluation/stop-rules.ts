import type { StopName } from '#contracts/rules';
import { ADAPTIVE_CONFIDENCE, leadConfidence } from '../stops/adaptive-consistency.ts';

/** Votes of the two leading keys, and how many have not voted. */
interface Standing {
  readonly first: number;
  readonly second: number;
  readonly outstanding: number;
}

/**
 * Whether a plurality vote may end with the leading key (research/council.md §2 A5). Asked after each vote that came. The same
 * as `../stops`, from the two counts alone: replaying thousands of votes in many orders has no time to count anew.
 */
export const STOP_RULES: Readonly<Record<StopName, (standing: Standing) => boolean>> = {
  /** The answer is that of the full vote, whatever the others say. */
  exact: ({ first, second, outstanding }) => first - second > outstanding,
  'adaptive-consistency': ({ first, second }) =>
    first > second && leadConfidence(first, second) >= ADAPTIVE_CONFIDENCE,
  'first-two': ({ first, second }) => first >= 2 && first > second,
};
