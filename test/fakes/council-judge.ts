import type { CapacityPlan, PlanCandidate, PlanInput } from '#contracts/plan';
import { standings } from '../../src/capacity/plan/standing.ts';
import { voterChances } from '../../src/capacity/plan/vote-quality.ts';

/** A vote reckoned the long way: every pattern of right and wrong, every grouping of the wrong ones. */
export function voteByPatterns(chances: readonly number[], relatives: boolean, repeated: boolean): number {
  const voters = [...chances].sort((a, b) => b - a).map(voterChances);
  const same = Math.sqrt(relatives ? 0.8 : 0.6);
  const strips = 16;
  let wins = 0;
  let byBest = 0;
  let picked = 0;
  for (let strip = 0; strip < strips; strip++) {
    const at = voters.map((voter) => (relatives ? voter.amongRelatives : voter.amongStrangers)[strip] ?? 0);
    // Of each voter: 0 right, 1 the tempting wrong answer, 2 a wrong answer of its own.
    for (let pattern = 0; pattern < 3 ** voters.length; pattern++) {
      const says = voters.map((_, index) => Math.floor(pattern / 3 ** index) % 3);
      const chance = says.reduce((product, what, index) => {
        const right = at[index] ?? 0;
        return product * (what === 0 ? right : (1 - right) * (what === 1 ? same : 1 - same));
      }, 1 / strips);
      const right = says.filter((what) => what === 0).length;
      const tempted = says.filter((what) => what === 1).length;
      const alone = says.filter((what) => what === 2).length;
      const rivals = (tempted === right ? 1 : 0) + (right === 1 ? alone : 0);
      const beaten = tempted > right || (right === 0 && alone > 0);
      if (beaten || right === 0) continue;
      if (rivals === 0) wins += chance;
      else {
        if (says[0] === 0) byBest += chance;
        picked += chance * ([1, 0.63, 0.47, 0.38][rivals] ?? 0);
      }
    }
  }
  return wins + (repeated ? Math.max(byBest, picked) : byBest);
}

/** Members by id with how they would be set up. */
export interface Seating {
  readonly ids: readonly string[];
  readonly context: number;
  readonly samples: number;
}

export const seatingOf = ({ members, quality }: CapacityPlan): Seating => ({
  ids: members.map(({ id }) => id),
  context: Math.max(0, ...members.map(({ contextTokens }) => contextTokens)),
  samples: quality.samples,
});

/** Chance of a right answer of general models; NaN where one is not among the candidates. */
export function qualityOf(seating: Seating, candidates: readonly PlanCandidate[]): number {
  const general = candidates.filter(({ prediction }) => prediction.engine !== 'starter');
  const places = standings(general);
  const chosen = seating.ids.map((id) => general.findIndex(({ prediction }) => prediction.id === id));
  const chances = chosen.map((index) => places[index]?.value ?? NaN);
  const families = chosen.map((index) => general[index]?.prediction.family);
  const repeated = seating.samples > 1;
  if (chances.length === 1) return chances[0] ?? NaN;
  const strangers = voteByPatterns(chances, false, repeated);
  return new Set(families).size === families.length
    ? strangers
    : Math.min(strangers, voteByPatterns(chances, true, repeated));
}

/** Upper end of what a member holds at a context, bytes. */
export function heldBytes({ prediction, cacheBytesPerToken }: PlanCandidate, context: number): number {
  const full = prediction.memoryParts?.cacheBytes ?? 0;
  const cache =
    cacheBytesPerToken === null
      ? full
      : Math.min(full, cacheBytesPerToken * Math.min(context, prediction.contextTokens));
  return (prediction.memory?.high ?? 0) - full + cache;
}

/** Time of one answer of each, one after the other, ms. @param end of the interval of the times */
export function serialMs(
  seating: Seating,
  { candidates, promptTokens, answerTokens, correction }: PlanInput,
  end: 'median' | 'high',
): number {
  const rateEnd = end === 'high' ? 'low' : 'median';
  const once = seating.ids.map((id) => {
    const found = candidates.find(({ prediction }) => prediction.id === id)?.prediction;
    const first = ((found?.ttft?.[end] ?? NaN) * promptTokens) / (found?.promptTokens ?? NaN);
    return (first + ((answerTokens - 1) * 1000) / (found?.tokensPerSecond?.[rateEnd] ?? NaN)) / correction;
  });
  return seating.samples * once.reduce((sum, ms) => sum + ms, 0);
}

/** What the goals quality and balanced are measured by, of councils of general models on one processor. */
export function worthOf(seating: Seating, input: PlanInput): number {
  const families = new Set(
    seating.ids.map(
      (id) => input.candidates.find(({ prediction }) => prediction.id === id)?.prediction.family,
    ),
  ).size;
  const halvings = Math.log2(4096 / seating.context);
  const ms = serialMs(seating, input, 'median');
  const patience = input.goal === 'balanced' ? 0.102 * Math.log2(1 + ms / 10_000) : 0;
  const wait = 0.0005 * Math.log2(1 + ms / 1000) + patience;
  return qualityOf(seating, input.candidates) + (families > 1 ? 0.051 : 0) - 0.01 * halvings - wait;
}
