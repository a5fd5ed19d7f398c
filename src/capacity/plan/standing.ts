import type { PlanCandidate } from '#contracts/plan';

/** What a standing rests on. */
export type StandingBasis = 'measured' | 'score' | 'size' | 'unknown';

export interface Standing {
  /** Taken as the chance of a right answer, 0..1: for comparing models, never shown as an accuracy. */
  readonly value: number;
  readonly basis: StandingBasis;
}

/**
 * Public score by size: 35.7 at a billion parameters, 5.1 more with each doubling. Least squares over the 15 members of
 * catalogue/councils.json of July 2026, 0.5 to 4 billion parameters; they lie 4.8 off it (standard deviation).
 */
const SCORE_OF_BILLION = 35.7;
export const SCORE_PER_DOUBLING = 5.1;

/** Neither score nor size: the chance of guessing one of four answers. */
const GUESS = 0.25;

/** A chance of 0 or 1 would say that a model never, or always, errs. */
const bounded = (value: number): number => Math.min(0.95, Math.max(0.05, value));

function publicStanding({ score, prediction }: PlanCandidate): Standing {
  if (score !== null) return { value: bounded(score / 100), basis: 'score' };
  const { parameters } = prediction;
  if (parameters === null) return { value: GUESS, basis: 'unknown' };
  const bySize = SCORE_OF_BILLION + SCORE_PER_DOUBLING * Math.log2(parameters / 1e9);
  return { value: bounded(bySize / 100), basis: 'size' };
}

/** In order of size, so that the order in which models are listed changes not even the last bit. */
const mean = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b).reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Where models stand on one scale, in the order given. Two or more that were measured keep, together, the place that their
 * public scores (or sizes) give them; who is better among them is what was measured. One measured alone says nothing of
 * the others.
 */
export function standings(candidates: readonly PlanCandidate[]): readonly Standing[] {
  const publicOnes = candidates.map(publicStanding);
  const measured = candidates.flatMap(({ accuracy }, index) =>
    accuracy === null ? [] : [{ accuracy, place: publicOnes[index]?.value ?? GUESS }],
  );
  if (measured.length < 2) return publicOnes;
  const shift = mean(measured.map(({ place }) => place)) - mean(measured.map(({ accuracy }) => accuracy));
  return publicOnes.map((standing, index) => {
    const accuracy = candidates[index]?.accuracy ?? null;
    return accuracy === null ? standing : { value: bounded(accuracy + shift), basis: 'measured' };
  });
}
