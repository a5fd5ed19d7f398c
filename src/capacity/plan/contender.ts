import type { Estimate } from '#contracts/estimate';
import type { PlanCandidate, PlanInput } from '#contracts/plan';
import { CONTEXTS } from './goal-limits.ts';
import type { Room } from './room.ts';
import type { Standing } from './standing.ts';
import { voterChances, type VoterChances } from './vote-quality.ts';

/** What works on an answer: members of one lane wait for one another. */
export type Lane = 'cpu' | 'card' | 'remote';

/** Memory of a model at one context, in whole bytes. The parts are medians. */
export interface Demand {
  readonly contextTokens: number;
  readonly weightsBytes: number;
  readonly cacheBytes: number;
  readonly scratchBytes: number;
  readonly engineBytes: number;
  /** Upper end of all of it: "fits" must not be wrong. */
  readonly highBytes: number;
  /** Of the upper end: in the device's memory, and on a card. Both, where a card may share the device's. */
  readonly mainBytes: number;
  readonly cardBytes: number;
}

export interface Speed {
  readonly tokensPerSecond: Estimate;
  readonly ttft: Estimate;
  /** One answer of the plan's question, ms. */
  readonly answerMs: Estimate;
}

/** A model that may stand for a seat. */
export interface Contender {
  readonly candidate: PlanCandidate;
  readonly id: string;
  readonly family: string;
  readonly starter: boolean;
  readonly lane: Lane;
  readonly standing: Standing;
  readonly voter: VoterChances;
  /** Null where nobody can say. */
  readonly speed: Speed | null;
  /**
   * For ranking alone, never shown: where its speed is not known, one answer as fast as those that were measured here, else at a
   * nominal bandwidth.
   */
  readonly rankMs: number;
  /** One for each of `CONTEXTS`, the largest context first. */
  readonly demands: readonly Demand[];
  /** Most that is to be fetched. */
  readonly downloadBytes: number;
}

export interface Question {
  readonly promptTokens: number;
  readonly answerTokens: number;
}

/** Bytes a second at which models of unknown speed are put in order; half a laptop's memory. No figure of it is shown. */
const NOMINAL_BYTES_PER_MS = 1e7;

const LANES = { cpu: 'cpu', browser: 'cpu', webgpu: 'card', remote: 'remote' } as const;
export const laneOf = ({ prediction }: PlanCandidate): Lane => LANES[prediction.backend];

function demandAt(candidate: PlanCandidate, room: Room, wantedTokens: number): Demand {
  const { prediction, cacheBytesPerToken } = candidate;
  const { memory, memoryParts: parts } = prediction;
  const contextTokens = Math.min(wantedTokens, prediction.contextTokens);
  const median = Math.ceil(memory?.median ?? 0);
  const engineBytes = Math.min(parts?.engineBytes ?? 0, median);
  const scratchBytes = Math.min(parts?.scratchBytes ?? 0, median - engineBytes);
  const fullCache = Math.min(parts?.cacheBytes ?? 0, median - engineBytes - scratchBytes);
  // Windows end the growth of some caches, so a shorter context never saves more than what the cache has beyond its own size.
  const cacheBytes =
    cacheBytesPerToken === null ? fullCache : Math.min(fullCache, cacheBytesPerToken * contextTokens);
  const highBytes = Math.ceil(memory?.high ?? 0) - (fullCache - cacheBytes);
  const lane = laneOf(candidate);
  const onCard = lane === 'card' ? highBytes - engineBytes : 0;
  return {
    contextTokens,
    weightsBytes: median - engineBytes - scratchBytes - fullCache,
    cacheBytes,
    scratchBytes,
    engineBytes,
    highBytes,
    mainBytes: lane === 'card' && room.card?.told === true ? engineBytes : highBytes,
    cardBytes: onCard,
  };
}

/** Predictions, corrected by what earlier runs measured. Reading the question takes as long as it is, in proportion. */
function speedOf({ prediction }: PlanCandidate, question: Question, correction: number): Speed | null {
  const { tokensPerSecond: rate, ttft } = prediction;
  if (rate === null || ttft === null) return null;
  const longer = question.promptTokens / prediction.promptTokens / correction;
  const first = { low: ttft.low * longer, median: ttft.median * longer, high: ttft.high * longer };
  const faster = {
    low: rate.low * correction,
    median: rate.median * correction,
    high: rate.high * correction,
  };
  const restMs = 1000 * (question.answerTokens - 1);
  const answerMs = {
    low: first.low + restMs / faster.high,
    median: first.median + restMs / faster.median,
    high: first.high + restMs / faster.low,
  };
  return { tokensPerSecond: faster, ttft: first, answerMs };
}

/** As if all the time of its answers went into writing them: short ones make it look slower than it is. */
function measuredMs({ measured }: PlanCandidate, { answerTokens }: Question): number | null {
  if (measured === undefined || measured.answerMs === null || measured.tokens < 1) return null;
  return (measured.answerMs.p50 / measured.tokens) * answerTokens;
}

/** The question that a model is planned for: models of small contexts are asked small ones. */
export function questionFor(contextTokens: number, { promptTokens, answerTokens }: PlanInput): Question {
  if (promptTokens + answerTokens <= contextTokens) return { promptTokens, answerTokens };
  const prompt = Math.max(1, Math.min(promptTokens, Math.floor(contextTokens / 2)));
  return { promptTokens: prompt, answerTokens: Math.max(1, Math.min(answerTokens, contextTokens - prompt)) };
}

/** @param input with plain figures */
export function contender(
  candidate: PlanCandidate,
  standing: Standing,
  input: PlanInput,
  room: Room,
  question: Question,
): Contender {
  const { prediction } = candidate;
  const speed = speedOf(candidate, question, input.correction);
  const starter = prediction.engine === 'starter';
  const demands = CONTEXTS.map((tokens) => demandAt(candidate, room, tokens));
  const weightsBytes = Math.ceil(prediction.memory?.high ?? 0);
  return {
    candidate,
    id: prediction.id,
    family: prediction.family,
    starter,
    lane: laneOf(candidate),
    standing,
    voter: voterChances(standing.value),
    speed,
    rankMs:
      speed?.answerMs.median ??
      measuredMs(candidate, question) ??
      (weightsBytes / NOMINAL_BYTES_PER_MS) * question.answerTokens,
    demands,
    downloadBytes:
      prediction.installed || laneOf(candidate) === 'remote' ? 0 : (prediction.sizeBytes ?? weightsBytes),
  };
}

/** Whether two are one model in two formats, as far as can be told: a second opinion of itself is none. */
export function sameModel(a: Contender, b: Contender): boolean {
  if (a.id === b.id) return true;
  const { parameters } = a.candidate.prediction;
  return (
    !a.starter &&
    a.family === b.family &&
    parameters !== null &&
    parameters === b.candidate.prediction.parameters
  );
}
