import type { Tier } from '#contracts/hardware';
import type { CapacityPlan, PlanInput, PlanMember } from '#contracts/plan';
import type { Contender, Question } from './contender.ts';
import { CONTEXTS, type GoalLimits } from './goal-limits.ts';
import type { Expectation } from './plan-checks.ts';

/** Shortest time between two updates of the text: the first two steps of the ladder in src/optimizer/pacing-ladder.ts. */
const FLUSH_MS: Readonly<Record<Tier, number>> = { low: 120, mid: 50, high: 50 };
export const flushIntervalMs = (tier: Tier): number => FLUSH_MS[tier];

/** Longest answer that is worth planning for: four times the expected one. */
const LONGEST = 4;

/** Without members: by what the device could run them. */
export function formulaOf(
  members: readonly Contender[],
  { graphics, remoteServers }: PlanInput,
): CapacityPlan['formula'] {
  const cards = graphics?.cards ?? 0;
  const onCard = members.filter(({ lane }) => lane === 'card').length;
  if (members.some(({ lane }) => lane === 'remote')) return 'remote';
  if (onCard > 0) return cards > 1 && onCard > 1 ? 'several-gpus' : 'gpu';
  if (members.length > 0) return 'cpu';
  if (cards > 0) return cards > 1 ? 'several-gpus' : 'gpu';
  return remoteServers > 0 ? 'remote' : 'cpu';
}

/** @param level index into `CONTEXTS` */
export function planMember(
  { candidate, lane, speed, demands }: Contender,
  level: number,
  threadsEach: number,
): PlanMember {
  const { prediction, accuracy, measured, score } = candidate;
  const { id, name, family, engine, backend, quantization } = prediction;
  const demand = demands[level];
  return {
    id,
    name,
    family,
    engine,
    backend,
    quantization,
    downloadBytes: prediction.installed || lane === 'remote' ? 0 : prediction.sizeBytes,
    contextTokens: demand?.contextTokens ?? 0,
    memoryBytes: demand?.highBytes ?? 0,
    tokensPerSecond: speed?.tokensPerSecond ?? null,
    ttft: speed?.ttft ?? null,
    accuracy,
    ...(measured === undefined ? {} : { measured }),
    score,
    threads: lane === 'cpu' ? threadsEach : 1,
  };
}

/** Tokens that every member can hold; 0 without members. */
export function contextOf(members: readonly Contender[], level: number): number {
  if (members.length === 0) return 0;
  return Math.min(...members.map(({ demands }) => demands[level]?.contextTokens ?? CONTEXTS[0]));
}

/** Bits of a weight as its format's name says them; formats without a number are taken to be unquantized. */
function bitsOf(quantization: string): number {
  const [, digits] = /(?:^q|^iq|^tq|^f|^bf|^mxfp)(\d+)/i.exec(quantization) ?? [];
  const bits = Number(digits ?? 0);
  return bits === 0 ? 32 : bits;
}

/** The coarsest format of the members. */
export function coarsest(members: readonly Contender[]): string {
  const formats = members.map(({ candidate }) => candidate.prediction.quantization);
  return formats.reduce((least, each) => (least === '' || bitsOf(each) < bitsOf(least) ? each : least), '');
}

/** As long as the council still ends in bearable time, and fits the context; the expected answer at least. */
export function longestAnswer(
  context: number,
  { promptTokens, answerTokens }: Question,
  { answerMs }: Expectation,
  limits: GoalLimits,
): number {
  if (context === 0) return 0;
  const inTime = answerMs === null ? 1 : limits.answerMs / Math.max(1, answerMs.high);
  const wanted = Math.floor(answerTokens * Math.min(LONGEST, Math.max(1, inTime)));
  return Math.max(1, Math.min(wanted, context - promptTokens));
}
