import type { Estimate } from '#contracts/estimate';
import type { PlanCandidate, PlanInput } from '#contracts/plan';

/** Bounds that keep sums of bytes and of milliseconds exact and finite: 1 PiB, and eleven days. */
const MOST_BYTES = 2 ** 50;
const MOST_MS = 1e9;
const LEAST_TOKENS_PER_SECOND = 1e-6;
/** Longest question and answer that a plan is made for, tokens: longer than any context of the catalogue. */
const MOST_TOKENS = 32_768;
/** Beyond this factor earlier runs do not speak of this device. */
const MOST_CORRECTION = 20;

const bytesOf = (value: number | null): number | null =>
  value === null || !Number.isFinite(value) || value < 0
    ? null
    : Math.min(MOST_BYTES, Math.floor(Math.max(0, value))); // no −0

const wholeOf = (value: number, least: number, most: number): number =>
  Number.isFinite(value) ? Math.min(most, Math.max(least, Math.floor(value))) : least;

/** An estimate that can be reckoned with; null for any other. */
function estimateOf(value: Estimate | null, least: number, most: number): Estimate | null {
  if (value === null) return null;
  const { low, median, high } = value;
  const sound = low >= least && low <= median && median <= high && high <= most; // false for NaN
  return sound ? { low: low + 0, median: median + 0, high: high + 0 } : null; // no −0
}

function partsOf(
  parts: PlanCandidate['prediction']['memoryParts'],
): PlanCandidate['prediction']['memoryParts'] {
  if (parts === null) return null;
  const weightsBytes = bytesOf(parts.weightsBytes);
  const cacheBytes = bytesOf(parts.cacheBytes);
  const scratchBytes = bytesOf(parts.scratchBytes);
  const engineBytes = bytesOf(parts.engineBytes);
  if (weightsBytes === null || cacheBytes === null || scratchBytes === null || engineBytes === null)
    return null;
  return { weightsBytes, cacheBytes, scratchBytes, engineBytes };
}

/** What was measured, if it can be reckoned with. */
function measuredOf(measured: PlanCandidate['measured']): Pick<PlanCandidate, 'measured'> {
  if (measured === undefined) return {};
  const { answerMs, questions, ci95, tokens } = measured;
  const [low, high] = ci95;
  const sound = (value: number): boolean => value >= 0 && value <= MOST_MS; // false for NaN
  if (!Number.isInteger(questions) || ![questions, low, high, tokens].every(sound)) return {};
  const timed = answerMs !== null && sound(answerMs.p50) && sound(answerMs.p95);
  return {
    measured: {
      questions: questions + 0, // no −0
      ci95: [low + 0, high + 0],
      answerMs: timed ? { p50: answerMs.p50 + 0, p95: answerMs.p95 + 0 } : null,
      tokens: tokens + 0,
    },
  };
}

function candidateOf({
  prediction,
  accuracy,
  measured,
  score,
  cacheBytesPerToken,
}: PlanCandidate): readonly PlanCandidate[] {
  if (prediction.id === '') return [];
  const { parameters } = prediction;
  return [
    {
      prediction: {
        ...prediction,
        name: prediction.name === '' ? prediction.id : prediction.name,
        parameters: parameters !== null && Number.isFinite(parameters) && parameters >= 1 ? parameters : null,
        sizeBytes: bytesOf(prediction.sizeBytes),
        contextTokens: wholeOf(prediction.contextTokens, 0, MOST_BYTES),
        promptTokens: wholeOf(prediction.promptTokens, 1, MOST_TOKENS),
        tokensPerSecond: estimateOf(
          prediction.tokensPerSecond,
          LEAST_TOKENS_PER_SECOND,
          1 / LEAST_TOKENS_PER_SECOND,
        ),
        ttft: estimateOf(prediction.ttft, 0, MOST_MS),
        memory: estimateOf(prediction.memory, 0, MOST_BYTES),
        memoryParts: partsOf(prediction.memoryParts),
      },
      accuracy: accuracy !== null && accuracy >= 0 && accuracy <= 1 ? accuracy + 0 : null,
      ...measuredOf(measured),
      score: score !== null && Number.isFinite(score) ? score + 0 : null,
      cacheBytesPerToken: bytesOf(cacheBytesPerToken),
    },
  ];
}

/** The input with figures that can be reckoned with: what is not a number is not known. */
export function plainInput(input: PlanInput): PlanInput {
  const { memory, graphics, correction } = input;
  const cards = graphics === null ? 0 : wholeOf(graphics.cards, 0, 64);
  return {
    ...input,
    threads: wholeOf(input.threads, 1, 1024),
    memory: { ...memory, bytes: bytesOf(memory.bytes) },
    engineBytes: bytesOf(input.engineBytes) ?? 0,
    graphics: graphics === null || cards === 0 ? null : { cards, bytes: bytesOf(graphics.bytes) },
    remoteServers: wholeOf(input.remoteServers, 0, 1024),
    storageBytes: bytesOf(input.storageBytes),
    candidates: input.candidates.flatMap(candidateOf),
    promptTokens: wholeOf(input.promptTokens, 1, MOST_TOKENS),
    answerTokens: wholeOf(input.answerTokens, 1, MOST_TOKENS),
    correction:
      Number.isFinite(correction) && correction > 0
        ? Math.min(MOST_CORRECTION, Math.max(1 / MOST_CORRECTION, correction))
        : 1,
  };
}
