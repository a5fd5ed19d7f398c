import type { ScalabilityInput, ScalabilityReport } from '#contracts/scalability';
import { project, type Projected } from './projection.ts';
import { recommendations } from './recommendations.ts';
import { scenarios } from './scenario.ts';

/**
 * What a stronger device, or more of them, would do for a council (mission.md W16): today's times with one thing changed,
 * by Amdahl's law, by the share of the time that is spent reading memory, and by queueing; and what follows from it.
 * What was not measured is assumed, said to be, and has a wide interval. All figures are finite, whatever is missing.
 */
export function projectScalability(input: ScalabilityInput): ScalabilityReport {
  const all: Projected[] = [];
  for (const scenario of scenarios(input)) all.push(project(input, scenario, all[0]?.projection ?? null));
  return {
    schema: 'witan.scalability',
    version: 1,
    projections: all.map(({ projection }) => projection),
    recommendations: recommendations(input, all),
  };
}
