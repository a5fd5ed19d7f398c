import type { SyntheticQuantization } from '#contracts/capacity';
import type { ModelShape } from '#contracts/model-shape';

/** A model of random weights that is run to learn how fast a device is. */
export interface CalibrationModel {
  readonly shape: ModelShape;
  readonly quantization: SyntheticQuantization;
  /** Tokens of a prompt that the CPU takes at once. */
  readonly promptBatchTokens: number;
  /** Lengths of the prompts that it is asked, tokens; each in every round. */
  readonly prompts: readonly number[];
  /** Asked once, and again where there is time. */
  readonly longPrompt: number | null;
}

function llamaShape(
  layers: number,
  embeddingDim: number,
  feedForwardDim: number,
  kvHeads: number,
  vocabulary: number,
): ModelShape {
  return {
    layers,
    heads: embeddingDim / 64,
    kvHeads,
    headDim: 64,
    embeddingDim,
    feedForwardDim,
    vocabulary,
    tiedEmbeddings: true,
    attention: { full: layers, sliding: 0, recurrent: 0, windowTokens: null },
    fullHeadDim: null,
    sharedKv: { full: 0, sliding: 0 },
  };
}

/** 16.8 million parameters in many layers: what a layer costs, whatever is in it. */
const DEEP = llamaShape(20, 256, 768, 2, 4096);
/** 27.3 million in few: what a weight costs. Its rows are whole blocks of every quantization. */
const WIDE = llamaShape(6, 512, 1536, 4, 16_384);

/** One batch of the smallest size that the engine takes, and several: what a batch costs, and what a token. */
const PROMPTS = [8, 96] as const;
/** Comparisons with the context are then half of the time of a token. */
const LONG_PROMPT = 480;

/**
 * As the engine takes those of models of 100 MB and more, whose attention computes differently from that of small ones in
 * large batches; and larger ones: what a batch costs.
 */
const BATCH = 8;
const LARGE_BATCH = 32;

/** 2.6 million in two layers: what does not depend on the model at all. */
const TINY = llamaShape(2, 256, 768, 2, 4096);

/**
 * Models to run, the most telling first: those that there is no time for are left out. Three shapes in one quantization tell
 * bytes, layers, comparisons and fixed costs apart; of the other quantizations one shape tells what their bytes take.
 */
export const CALIBRATION: readonly CalibrationModel[] = [
  { shape: TINY, quantization: 'Q4_0', promptBatchTokens: BATCH, prompts: PROMPTS, longPrompt: null },
  { shape: DEEP, quantization: 'Q4_0', promptBatchTokens: BATCH, prompts: PROMPTS, longPrompt: LONG_PROMPT },
  { shape: WIDE, quantization: 'Q4_0', promptBatchTokens: LARGE_BATCH, prompts: PROMPTS, longPrompt: null },
  { shape: WIDE, quantization: 'Q4_K_M', promptBatchTokens: BATCH, prompts: PROMPTS, longPrompt: null },
  { shape: WIDE, quantization: 'Q8_0', promptBatchTokens: BATCH, prompts: PROMPTS, longPrompt: null },
];

/** Tokens that each answer has: so many steps are timed, less one. */
export const CALIBRATION_ANSWER_TOKENS = 16;

/**
 * The first model's answers are disturbed by that compiling itself, which takes the same cores: its warm-up goes on for so
 * long at least. Without it its first answers were up to 2.2 times as slow as its last ones, and the others' 1.1 times.
 */
export const CALIBRATION_WARM_UP_MS = 1500;

/** Context that a calibration model is loaded with, tokens. */
export function calibrationContext({ prompts, longPrompt }: CalibrationModel): number {
  return Math.max(longPrompt ?? 0, ...prompts) + 2 * CALIBRATION_ANSWER_TOKENS;
}
