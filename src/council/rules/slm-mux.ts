import type { Rule, Sample } from '#contracts/rules';
import { isVote, membersBestFirst, samplesOf, verdictOf, type CastVote } from './ballot-order.ts';

/** A member's most frequent answer (of equals the one it gave first) and how often it gave it. */
export function favouriteOf(
  samples: readonly Sample[],
): { readonly vote: CastVote; readonly count: number } | null {
  const counts = new Map<string, { vote: CastVote; count: number }>();
  for (const vote of samples.filter(isVote)) {
    const seen = counts.get(vote.key);
    if (seen === undefined) counts.set(vote.key, { vote, count: 1 });
    else seen.count += 1;
  }
  return [...counts.values()].reduce<{ vote: CastVote; count: number } | null>(
    (best, each) => (best === null || each.count > best.count ? each : best),
    null,
  );
}

/**
 * SLM-MUX (arXiv 2510.05077): y_m = most frequent answer of member m, s_m = count(y_m) / k_m, and the council says y_m of the
 * member with the highest s_m; of equals the more accurate one's. k_m counts all samples of m: one that abstained is one that
 * it is not at one with itself about. No text passes between members. With one sample each every s_m is 1 and the most
 * accurate member decides, so it is for members that are asked several times. A key's score is its highest s_m.
 */
export const slmMux: Rule = (ballot) =>
  verdictOf(
    membersBestFirst(ballot).flatMap(({ id }) => {
      const samples = samplesOf(ballot, id);
      const favourite = favouriteOf(samples);
      return favourite === null ? [] : [{ vote: favourite.vote, score: favourite.count / samples.length }];
    }),
  );
