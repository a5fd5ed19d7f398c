import { MAX_SCORE_SPREAD } from '#contracts/council-catalogue';
import type { CapacityPlan, PlanCandidate } from '#contracts/plan';
import { bitOf, lateBit, memoryBits, settledBits, type Terms } from './check-bits.ts';
import { sameModel, type Contender } from './contender.ts';
import type { Choice } from './council-search.ts';
import { answerTime, firstTokenTime } from './council-time.ts';
import { CONTEXTS } from './goal-limits.ts';
import { durationText, sizeText } from './plan-words.ts';
import { standings } from './standing.ts';

/** Lines that people read; what is wanted most comes first. */
const MOST_LINES = 10;

/** The first check that does not pass at the least settings, in words; null where all do. */
function obstacle(members: readonly Contender[], terms: Terms, whose: string): string | null {
  const level = CONTEXTS.findLastIndex((tokens) => tokens >= terms.leastContext);
  const once = answerTime(members, terms.lanes);
  const failing =
    settledBits(members, terms) |
    memoryBits(members, Math.max(0, level), terms) |
    lateBit(members, once, 1, terms);
  const fails = (name: Parameters<typeof bitOf>[0]): boolean => (failing & bitOf(name)) !== 0;
  const demands = members.map((member) => member.demands[Math.max(0, level)]);
  const main = demands.reduce((sum, demand) => sum + (demand?.mainBytes ?? 0), 0);
  const { room, limits } = terms;
  if (fails('engine-memory'))
    return `${whose} more than the ${sizeText(room.engineBytes)} that an engine on the processor holds.`;
  if (fails('memory'))
    return `${whose} ${sizeText(main)} of memory; ${sizeText(room.membersBytes)} may be taken.`;
  if (fails('graphics-memory'))
    return `${whose} more than the ${sizeText(room.card?.membersBytes ?? 0)} that may be taken of a graphics card.`;
  if (fails('storage'))
    return `${whose} more room for downloads than the ${sizeText(room.storageBytes ?? 0)} that may be filled.`;
  if (fails('latency'))
    return `${whose} up to ${durationText(once.high)} for an answer; ${durationText(limits.answerMs)} is bearable.`;
  if (fails('first-token'))
    return `${whose} up to ${durationText(firstTokenTime(members)?.high ?? 0)} for the first word; ${durationText(limits.firstTokenMs)} is bearable.`;
  if (fails('pace')) {
    const rate = Math.min(...members.map(({ speed }) => speed?.tokensPerSecond.median ?? 0));
    return `It writes ${rate.toFixed(1)} tokens a second; ${limits.tokensPerSecond} is the least.`;
  }
  return null;
}

/** Why a model that could stand has no seat. */
function reason(model: Contender, choice: Choice, terms: Terms): string {
  const alone = obstacle([model], terms, 'It takes');
  if (alone !== null) return alone;
  const { members } = choice;
  if (model.speed === null && members.some(({ speed }) => speed !== null))
    return 'Its speed here is not known: it was not measured, or cannot be.';
  if (members.some((member) => sameModel(member, model)))
    return 'The council has a model of this family and size already.';
  const points = (model.standing.value - (members[0]?.standing.value ?? 0)) * 100;
  if (Math.abs(points) > MAX_SCORE_SPREAD)
    return `It stands more than ${MAX_SCORE_SPREAD} points ${points > 0 ? 'above' : 'below'} the best of this council, and members so far apart vote worse than the best alone.`;
  const others = members.slice(0, -1);
  const together =
    members.length > 1 ? obstacle([...others, model], terms, 'With the others it would take') : null;
  if (together !== null) return together;
  if (terms.goal === 'speed') return 'The council answers sooner without it.';
  return terms.goal === 'quality'
    ? 'By this reckoning the council is no better with it.'
    : 'What it adds is less than what the longer wait costs.';
}

/**
 * Why models were left out that stand higher than the chosen ones or are larger, most wanted first.
 * @param barred ids of models that cannot run here, and why
 */
export function leftOut(
  candidates: readonly PlanCandidate[],
  contenders: readonly Contender[],
  barred: ReadonlyMap<string, string>,
  choice: Choice | null,
  terms: Terms,
): CapacityPlan['leftOut'] {
  const general = candidates.filter(({ prediction }) => prediction.engine !== 'starter');
  const places = standings(general);
  const chosen = (choice?.members ?? []).filter(({ starter }) => !starter);
  const weakest = Math.min(Infinity, ...chosen.map(({ standing }) => standing.value));
  const largest = Math.max(0, ...chosen.map(({ candidate }) => candidate.prediction.parameters ?? 0));
  return general
    .map(({ prediction }, index) => ({ prediction, place: places[index]?.value ?? 0 }))
    .filter(({ prediction, place }) => {
      if (chosen.some(({ id }) => id === prediction.id)) return false;
      return chosen.length === 0 || place > weakest || (prediction.parameters ?? 0) > largest;
    })
    .sort((a, b) => b.place - a.place || (a.prediction.id < b.prediction.id ? -1 : 1))
    .slice(0, MOST_LINES)
    .map(({ prediction: { id, name } }) => {
      const model = contenders.find((each) => each.id === id);
      if (model === undefined || barred.has(id))
        return { id, name, because: barred.get(id) ?? 'It cannot run here.' };
      const because =
        choice === null
          ? (obstacle([model], terms, 'It takes') ?? 'No council with it passes.')
          : reason(model, choice, terms);
      return { id, name, because };
    });
}
