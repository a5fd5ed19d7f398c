import type { Recommendation, ScalabilityInput } from '#contracts/scalability';
import { immediate } from './recommend-now.ts';
import { risks } from './recommend-risks.ts';
import { stronger } from './recommend-stronger.ts';
import type { Projected } from './projection.ts';

/** What follows from the projections, and no more: where nothing follows the list is empty. */
export function recommendations(input: ScalabilityInput, projected: readonly Projected[]): Recommendation[] {
  const [today] = projected;
  if (today === undefined) return [];
  return [
    ...immediate(input, today),
    ...stronger(input, projected, today),
    ...risks(input, projected, today),
  ];
}
