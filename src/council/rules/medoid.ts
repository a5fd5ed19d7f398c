import type { Rule, Sample } from '#contracts/rules';
import { votesBestFirst } from './ballot-order.ts';
import { centralVote } from './central-text.ts';
import { pairwise } from './pairwise.ts';

/** Cosine of two vectors of equal length, −1..1; 0 when one of them has no direction. */
export function cosine(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let dot = 0;
  let left = 0;
  let right = 0;
  for (let i = 0; i < one.length; i += 1) {
    const [x, y] = [one[i] ?? 0, other[i] ?? 0];
    dot += x * y;
    left += x * x;
    right += y * y;
  }
  const scale = Math.sqrt(left) * Math.sqrt(right);
  return scale > 0 && Number.isFinite(scale) ? dot / scale : 0;
}

/**
 * Medoid of embeddings: argmaxᵢ of the mean over j ≠ i of cos(eᵢ, eⱼ) (Kaufman & Rousseeuw 1987; council research A11). One
 * embedding for each text, no further generation. Answers without a vector, or with one of another length than the first's,
 * take no part; where fewer than two have one, agreement of words decides, and says so. A key's score is that mean, −1..1.
 * @param embeddingOf vector of a sample's text, all by the same model
 */
export function medoid(embeddingOf: (sample: Sample) => ArrayLike<number> | null): Rule {
  return (ballot) => {
    const vectors = new Map(
      votesBestFirst(ballot).flatMap((vote) => {
        const vector = embeddingOf(vote);
        return vector === null || vector.length === 0 ? [] : [[vote, vector] as const];
      }),
    );
    const length = [...vectors.values()][0]?.length ?? 0;
    const comparable = [...vectors].filter(([, vector]) => vector.length === length).map(([vote]) => vote);
    if (comparable.length < 2) {
      const verdict = pairwise(ballot);
      return verdict === null ? null : { ...verdict, fallback: 'pairwise' };
    }
    return centralVote(comparable, (one, other) => cosine(vectors.get(one) ?? [], vectors.get(other) ?? []));
  };
}
