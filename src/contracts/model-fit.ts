import type { GgufSummary } from './gguf.ts';
import type { ModelShape } from './model-shape.ts';

/** What a council of small devices can afford, tokens; most models were trained for more. */
const MOST_CONTEXT_TOKENS = 4096;

/** Context that a model of the store is loaded with, tokens. @param trainedTokens null where nobody says */
export function contextUsed(trainedTokens: number | null): number {
  return Math.min(MOST_CONTEXT_TOKENS, trainedTokens ?? MOST_CONTEXT_TOKENS);
}

/** What a model takes while it runs here, as far as it is known before it is loaded. */
export interface ModelDemand {
  /** All of its files together. */
  readonly weightsBytes: number;
  readonly largestFileBytes: number;
  /** Tokens of context that it would be loaded with. */
  readonly contextTokens: number;
  /** Keys and values of that context at half precision; null where the shape is not known. */
  readonly cacheBytes: number | null;
  /** Its dimensions, where the catalogue has them: without, its memory is known within bounds only. */
  readonly shape?: ModelShape;
}

/** The demand of a model that was looked at. @param fileBytes size of each of its files */
export function ggufDemand(summary: GgufSummary, fileBytes: readonly number[]): ModelDemand {
  const contextTokens = contextUsed(summary.shape.contextTokens);
  return {
    weightsBytes: fileBytes.reduce((sum, bytes) => sum + bytes, 0),
    largestFileBytes: Math.max(0, ...fileBytes),
    contextTokens,
    cacheBytes: summary.kvBytesPerToken === null ? null : summary.kvBytesPerToken * contextTokens,
  };
}

export const FIT_VERDICTS = ['runs-well', 'tight', 'will-not-fit'] as const;
export type FitVerdict = (typeof FIT_VERDICTS)[number];

/**
 * What the verdict rests on. memory: what the device tells of its memory · memory-untold: it tells nothing ·
 * engine-memory: what the engine can hold on the processor · card-only: as that, but there is a graphics card, whose memory
 * no browser tells · graphics-memory: as that, and so much of its memory could be taken when it was measured · file-size:
 * what this browser can load as one file.
 */
export type FitReason =
  'memory' | 'memory-untold' | 'engine-memory' | 'card-only' | 'graphics-memory' | 'file-size';

/** Whether a model would run here. */
export interface ModelFit {
  readonly verdict: FitVerdict;
  readonly reason: FitReason;
  /** Weights, cache, scratch and what the engine takes; where its dimensions are not known, the least it can be. */
  readonly neededBytes: number;
  /** What that was compared with; for `file-size` the largest file that can be loaded. Null where nothing is told. */
  readonly availableBytes: number | null;
}
