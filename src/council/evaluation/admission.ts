import type { Recommendation } from '#contracts/calibration';
import { compareCautiously, countTrue } from './arms.ts';
import { memberColumn } from './columns.ts';
import type { EvaluatedMember, Judged } from './judged.ts';

/** A member further below the best one makes a vote worse (research/council.md §2, "How a vote can lose"), points. */
export const MOST_BELOW_POINTS = 10;

type Admission = Recommendation['admissions'][number];

function admit(
  differencePoints: number,
  ci95: readonly [number, number],
): Pick<Admission, 'admission' | 'certain'> {
  const [low, high] = ci95;
  if (differencePoints < -MOST_BELOW_POINTS)
    return { admission: 'refused', certain: high < -MOST_BELOW_POINTS };
  return low >= -MOST_BELOW_POINTS
    ? { admission: 'fits', certain: true }
    : { admission: 'cannot-tell', certain: false };
}

/**
 * Each member against the best of them by right first answers (of equals the first), on this record. With no questions
 * nobody can be told from anybody.
 */
export function admissionsOf(
  judged: readonly Judged[],
  members: readonly EvaluatedMember[],
  seed: number,
): { readonly admissions: Admission[]; readonly greedy: ReadonlyMap<string, readonly boolean[]> } {
  const greedy = new Map(members.map(({ id }) => [id, memberColumn(id, id, judged).right]));
  const hits = (id: string): number => countTrue(greedy.get(id) ?? []);
  const bestId = members.reduce<string | null>(
    (best, { id }) => (best === null || hits(id) > hits(best) ? id : best),
    null,
  );
  const admissions = members.map(({ id }): Admission => {
    const accuracy = judged.length === 0 ? 0 : hits(id) / judged.length;
    if (id === bestId)
      return { memberId: id, accuracy, differencePoints: 0, ci95: [0, 0], admission: 'best', certain: false };
    const { differencePoints, ci95 } = compareCautiously(
      greedy.get(id) ?? [],
      greedy.get(bestId ?? '') ?? [],
      seed,
    );
    const judgement =
      judged.length === 0
        ? ({ admission: 'cannot-tell', certain: false } as const)
        : admit(differencePoints, ci95);
    return { memberId: id, accuracy, differencePoints, ci95, ...judgement };
  });
  return { admissions, greedy };
}
