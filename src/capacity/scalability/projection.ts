import type { Estimate } from '#contracts/estimate';
import type { Projection, ScalabilityInput } from '#contracts/scalability';
import { answering, jobsOf, unitsOf, type Answering } from './answering.ts';
import { bottleneck } from './bottleneck.ts';
import { finish } from './council-time.ts';
import type { Scenario, Term } from './scenario.ts';
import { seats, type Seats } from './seats.ts';
import { estimateOf, over } from './span.ts';

/** A projection and what recommendations rest on besides. */
export interface Projected {
  readonly scenario: Scenario;
  readonly projection: Projection;
  readonly answering: Answering | null;
  readonly seats: Seats;
}

/** Tokens of all members until the last has written, one question being shared by all there is. */
function writingSpeed(input: ScalabilityInput, scenario: Scenario): Estimate | null {
  const jobs = jobsOf(input, scenario, 'writing');
  if (jobs === null || jobs.length === 0) return null;
  const { ms } = finish(jobs, unitsOf(input, scenario, 1));
  return estimateOf(over(1000 * jobs.length * input.answerTokens, ms));
}

function termsOf(input: ScalabilityInput, scenario: Scenario, way: Answering | null, places: Seats): Term[] {
  const { seatBytes, addedBytes } = places;
  const queue: Term[] =
    way === null
      ? []
      : [
          { name: 'T, time of a question that need not wait', value: way.alone.ms.median, unit: 'ms' },
          { name: 'λ, questions asked', value: input.questionsPerMinute, unit: 'per minute' },
          ...(scenario.servers > 0
            ? [{ name: 'Servers of these that are used', value: way.servers, unit: '' }]
            : []),
          { name: 'g, groups that each answer one question', value: way.groups, unit: '' },
          { name: 'Utilisation λ · T ÷ g', value: way.utilisation.median, unit: '' },
          { name: 'Utilisation at the slow end', value: way.utilisation.high, unit: '' },
          ...(way.waitMs === null ? [] : [{ name: 'Wait', value: way.waitMs, unit: 'ms' }]),
        ];
  return [
    ...scenario.terms,
    { name: 'Members of the council', value: input.members.length, unit: '' },
    { name: 'Answer', value: input.answerTokens, unit: 'tokens' },
    { name: 'Question', value: input.promptTokens, unit: 'tokens' },
    ...(addedBytes > 0 ? [{ name: 'Added usable memory, at least', value: addedBytes, unit: 'bytes' }] : []),
    ...(addedBytes > 0 && seatBytes !== null
      ? [{ name: 'Memory of a seat', value: seatBytes, unit: 'bytes' }]
      : []),
    ...queue,
  ].filter(({ value }) => Number.isFinite(value));
}

/** Said beside the formula where it has no result. */
function withoutEnd(way: Answering | null): string {
  if (way === null || way.ms !== null) return '';
  return way.waitMs === null
    ? '; more is asked than can be answered, so that the queue grows without end'
    : '; at the slow end of the interval more is asked than can be answered, so that no time is given';
}

export function project(input: ScalabilityInput, scenario: Scenario, today: Projection | null): Projected {
  const way = answering(input, scenario);
  const alone = way === null ? null : way.alone.ms.median;
  const places = seats(input, scenario.memory, alone);
  const tokensPerSecond = writingSpeed(input, scenario);
  const reference = today === null ? tokensPerSecond : today.tokensPerSecond;
  const speedup =
    tokensPerSecond === null || reference === null ? null : tokensPerSecond.median / reference.median;
  const held = scenario.kind === 'memory' && places.tooLarge !== null;
  const bound = ((): Projection['bound'] => {
    if (way !== null && way.ms === null) return 'queue';
    if (held || (input.members.length === 0 && places.tooLarge !== null)) return 'memory';
    const last = finish(jobsOf(input, scenario, 'writing') ?? [], unitsOf(input, scenario, 1)).last;
    return bottleneck(input, scenario, way?.alone.last ?? last);
  })();
  return {
    scenario,
    answering: way,
    seats: places,
    projection: {
      kind: scenario.kind,
      title: scenario.title,
      members: places.members,
      largestModel: places.largestModel,
      tokensPerSecond,
      answerMs: way === null || way.ms === null ? null : estimateOf(way.ms),
      speedup: speedup !== null && Number.isFinite(speedup) ? speedup : null,
      bound,
      formula: `${scenario.formula}${withoutEnd(way)}`,
      terms: termsOf(input, scenario, way, places),
    },
  };
}
