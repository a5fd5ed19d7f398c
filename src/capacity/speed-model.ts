import { nonNegativeLeastSquares } from '#kernel/statistics-nonnegative';
import { median } from '#kernel/statistics-order';
import type { SyntheticQuantization } from '#contracts/capacity';
import type { Estimate } from '#contracts/estimate';
import { decodeComparisons, promptComparisons, type Placement } from './attention-work.ts';
import type { TokenWork } from './token-work.ts';

/** One answer of a model on this device. */
export interface SpeedSample {
  readonly work: TokenWork;
  readonly promptTokens: number;
  /** Time of the engine for the prompt, ms. */
  readonly prefillMs: number;
  /** Tokens of the context, on average, while it wrote. */
  readonly contextTokens: number;
  /** Time from one written token to the next, ms. */
  readonly decodeMs: number;
}

/** What is asked: a prompt, and an answer that begins there. */
export type SpeedQuestion = Pick<SpeedSample, 'work' | 'promptTokens' | 'contextTokens'>;

export interface PredictedSpeed {
  readonly decodeMs: Estimate;
  readonly prefillMs: Estimate;
  /** Doublings or halvings of the model's bytes, and doublings of the context, beyond what was measured; 0 within. */
  readonly doublings: number;
}

/** 95th percentile of the normal distribution: both sides together leave one of ten outside. */
const Z90 = 1.645;

/** What a prediction may be off besides what the measurements vary by; shares. */
interface Doubt {
  /** At the edge of what was measured. */
  readonly least: number;
  /** Added by each doubling of the model's bytes, or of the context, beyond it. */
  readonly perDoubling: number;
}

/**
 * From the errors of predictions for the shapes of SmolLM2-135M and -360M, contexts of 128 and 1,024 tokens, Q4_0 and Q8_0,
 * fitted to shapes of 3 to 27 million parameters (wllama 3.8.1, two threads on two cores; `tools/measure/prediction-pairs.ts`).
 * Chosen on 50 pairs, of which the intervals then held 45; of 32 later ones they held all: 94 %.
 */
const DOUBT = {
  decode: { least: 0.04, perDoubling: 0.015 },
  prefill: { least: 0.05, perDoubling: 0.01 },
} as const satisfies Record<string, Doubt>;

const bytesOf = ({ layerBytes, outputBytes }: TokenWork): number => layerBytes + outputBytes;

/**
 * Bytes by what unpacking them takes, one figure for each quantization that was measured. The output of a model in Q4_0 is
 * packed in K-blocks, as everything of one in Q4_K_M is: a byte of those takes half the time (wllama 3.8.1, one thread).
 */
function packed(
  kinds: readonly SyntheticQuantization[],
  { quantization }: TokenWork,
  layerBytes: number,
  outputBytes: number,
): number[] {
  const output = quantization === 'Q4_0' && kinds.includes('Q4_K_M') ? 'Q4_K_M' : quantization;
  return kinds.map((kind) => (kind === quantization ? layerBytes : 0) + (kind === output ? outputBytes : 0));
}

interface Device extends Placement {
  readonly kinds: readonly SyntheticQuantization[];
}

type Row = (device: Device, question: SpeedQuestion) => number[];

/** ms of a token that is written: bytes, layers, comparisons, and what does not depend on the model. */
const decodeRow: Row = (device, { work, contextTokens }) => [
  ...packed(device.kinds, work, work.layerBytes, work.outputBytes),
  work.layers,
  decodeComparisons(work, contextTokens, device),
  1,
];

/**
 * ms of a prompt: each token passes the layers, and is compared with those before it; each batch of tokens reads all weights
 * once, and starts every layer.
 */
const prefillRow: Row = (device, { work, promptTokens }) => {
  const batches = Math.ceil(promptTokens / work.batchTokens);
  return [
    ...packed(device.kinds, work, promptTokens * work.layerBytes, 0),
    batches * work.layerBytes + work.outputBytes,
    batches * work.layers,
    promptTokens * work.layers,
    promptComparisons(work, promptTokens, device),
  ];
};

/** Rounds of reweighting: more change nothing that anybody would see. */
const REWEIGHTED = 8;
/** Huber's: residuals beyond this many standard deviations count by their size, no longer by its square. */
const HUBER = 1.345;
/** Standard deviation ÷ median distance, of a normal distribution. */
const PER_MEDIAN = 1.4826;

/**
 * Fits rows to 1 (Huber's M-estimate by reweighted least squares; P. J. Huber, Robust Statistics, 1981): one question that
 * was disturbed neither bends the line nor widens every interval.
 * @returns spread: standard deviation of what the others miss it by, share
 */
function robustFit(rows: readonly (readonly number[])[]): {
  coefficients: readonly number[];
  spread: number;
} {
  let weights = rows.map(() => 1);
  for (let round = 0; ; round += 1) {
    const coefficients = nonNegativeLeastSquares(
      rows.map((row, index) => row.map((x) => x * (weights[index] ?? 1))),
      weights,
    );
    const missed = rows.map((row) =>
      Math.abs(row.reduce((sum, x, index) => sum + x * (coefficients[index] ?? 0), 0) - 1),
    );
    const spread = PER_MEDIAN * median(missed);
    if (round === REWEIGHTED || spread < Number.EPSILON) return { coefficients, spread };
    weights = missed.map((distance) => Math.sqrt(Math.min(1, (HUBER * spread) / distance)));
  }
}

/** Times fitted to what was measured, each as far as it is from it in proportion. */
class Line {
  readonly #row: Row;
  readonly #doubt: Doubt;
  readonly #device: Device;
  readonly #coefficients: readonly number[];
  readonly #spread: number;

  constructor(
    row: Row,
    doubt: Doubt,
    placement: Placement,
    samples: readonly SpeedSample[],
    timeOf: (sample: SpeedSample) => number,
  ) {
    this.#row = row;
    this.#doubt = doubt;
    this.#device = { ...placement, kinds: [...new Set(samples.map(({ work }) => work.quantization))] };
    const relative = samples.map((sample) => row(this.#device, sample).map((x) => x / timeOf(sample)));
    const fitted = robustFit(relative);
    this.#coefficients = fitted.coefficients;
    this.#spread = fitted.spread;
  }

  at(question: SpeedQuestion): number {
    return this.#row(this.#device, question).reduce(
      (sum, x, index) => sum + x * (this.#coefficients[index] ?? 0),
      0,
    );
  }

  /** @param doublings how far beyond what was measured */
  estimate(question: SpeedQuestion, doublings: number, unlike: number): Estimate {
    const median = this.at(question);
    const beyond = this.#doubt.least + this.#doubt.perDoubling * doublings;
    const width = Math.exp(Z90 * Math.hypot(this.#spread, beyond, unlike));
    return { median, low: median / width, high: median * width };
  }
}

/**
 * How fast models are on one device, engine and backend, from a few that were measured there:
 * t = bytes · a + layers · b + comparisons · c + d, with one a for each quantization and none of them negative (research: a
 * roofline with fixed costs). The interval is that of the fit, and widens with the distance from what was measured.
 */
export class SpeedModel {
  readonly #decode: Line;
  readonly #prefill: Line;
  readonly #smallestBytes: number;
  readonly #largestBytes: number;
  readonly #longestContext: number;
  /** Those that were measured, and can be asked about. */
  readonly quantizations: ReadonlySet<SyntheticQuantization>;

  /** @param samples at least two, of models of different size; of at most three quantizations */
  constructor(samples: readonly SpeedSample[], placement: Placement) {
    this.#decode = new Line(decodeRow, DOUBT.decode, placement, samples, ({ decodeMs }) => decodeMs);
    this.#prefill = new Line(prefillRow, DOUBT.prefill, placement, samples, ({ prefillMs }) => prefillMs);
    const sizes = samples.map(({ work }) => bytesOf(work));
    this.#smallestBytes = Math.min(...sizes);
    this.#largestBytes = Math.max(...sizes);
    this.#longestContext = Math.max(...samples.map(({ contextTokens }) => contextTokens));
    this.quantizations = new Set(samples.map(({ work }) => work.quantization));
  }

  /**
   * Of a quantization that was measured.
   * @param unlike how far off the model may be for being of another kind than what was measured; share
   */
  predict(question: SpeedQuestion, unlike = 0): PredictedSpeed {
    const bytes = bytesOf(question.work);
    const doublings =
      Math.max(0, Math.log2(bytes / this.#largestBytes), Math.log2(this.#smallestBytes / bytes)) +
      Math.max(0, Math.log2(question.contextTokens / this.#longestContext));
    return {
      decodeMs: this.#decode.estimate(question, doublings, unlike),
      prefillMs: this.#prefill.estimate(question, doublings, unlike),
      doublings,
    };
  }
}
