import type { PlanCandidate, PlanInput } from '#contracts/plan';
import { contender, laneOf, questionFor, type Contender, type Question } from './contender.ts';
import { CONTEXTS, MOST_PARAMETERS_UNMEASURED } from './goal-limits.ts';
import type { Room } from './room.ts';
import { standings } from './standing.ts';

/** Models that stand for a seat, in the order in which the pools are asked. */
export interface Pools {
  /** General models of known speed. */
  readonly known: readonly Contender[];
  readonly starter: readonly Contender[];
  /** All general models, also those whose speed nobody knows. */
  readonly all: readonly Contender[];
  readonly question: Question;
  readonly starterQuestion: Question;
  /** Ids of models that cannot stand, and why. */
  readonly barred: ReadonlyMap<string, string>;
}

const WORDS_OF_CAVEAT = 'Its speed here is not known, and it is larger than what may be tried unmeasured.';

/** Why a model cannot run here at all, whatever else does; null where it may. */
function bar({ prediction }: PlanCandidate, input: PlanInput, question: Question): string | null {
  const lane = laneOf({ prediction, accuracy: null, score: null, cacheBytesPerToken: null });
  if (lane === 'remote') return input.remoteServers > 0 ? null : 'It runs on a server, and there is none.';
  if (lane === 'card' && input.graphics === null)
    return 'It needs a graphics card, and there is none to use.';
  if (prediction.memory === null) return 'Nobody says how much memory it takes.';
  if (prediction.contextTokens < question.promptTokens + question.answerTokens)
    return `Its context of ${prediction.contextTokens} tokens is too short for question and answer.`;
  // What-if memory is another device's: what the verdict rests on is of this one, and memory is reckoned anew below.
  if (prediction.fits === 'will-not-fit' && !input.memory.typed)
    return prediction.fitReason === '' ? 'It does not fit on this device.' : prediction.fitReason;
  return null;
}

/** @param input with plain figures */
export function admitted(input: PlanInput, room: Room): Pools {
  const general = input.candidates.filter(({ prediction }) => prediction.engine !== 'starter');
  const bundled = input.candidates.filter(({ prediction }) => prediction.engine === 'starter');
  const question = questionFor(CONTEXTS[0], input);
  const starterQuestion = questionFor(
    Math.min(CONTEXTS[0], ...bundled.map(({ prediction }) => Math.max(2, prediction.contextTokens))),
    input,
  );
  const barred = new Map<string, string>();
  const places = standings(general);
  const all = general.flatMap((candidate, index) => {
    const place = places[index];
    const why = bar(candidate, input, question);
    if (why !== null) barred.set(candidate.prediction.id, why);
    return why !== null || place === undefined ? [] : [contender(candidate, place, input, room, question)];
  });
  const known = all.filter(({ speed }) => speed !== null);
  const tryable = all.filter(({ candidate, speed }) => {
    const { parameters } = candidate.prediction;
    return speed !== null || (parameters ?? Infinity) <= MOST_PARAMETERS_UNMEASURED[input.tier];
  });
  for (const each of all) if (!tryable.includes(each)) barred.set(each.id, WORDS_OF_CAVEAT);
  // The bundled models know a dozen kinds of small tasks: their accuracy holds for these, and is compared with nothing else.
  const starter = bundled
    .filter(({ prediction }) => prediction.memory !== null)
    .map((candidate) => {
      const value = Math.min(0.95, Math.max(0.05, candidate.accuracy ?? 0.5));
      return contender(candidate, { value, basis: 'measured' }, input, room, starterQuestion);
    });
  return { known, starter, all: tryable, question, starterQuestion, barred };
}
