import type { Estimate } from '#contracts/estimate';
import { nonNegativeLeastSquares } from '#kernel/statistics-nonnegative';
import { comparisons, type TokenWork } from './token-work.ts';

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
export interface SpeedQuestion {
  readonly work: TokenWork;
  readonly promptTokens: number;
  readonly contextTokens: number;
}

export interface PredictedSpeed {
  readonly decodeMs: Estimate;
  readonly prefillMs: Estimate;
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
 * From the errors of predictions for the shapes of SmolLM2-135M and -360M, contexts of 128 to 1,024 tokens, Q4_0 and Q8_0,
 * fitted to shapes of 17 to 39 million parameters (wllama 3.8.1, one thread; `tools/measure/prediction-errors.ts`): writing
 * was off by 2.6 % (median; most 8.2), reading by 6.7 (most 18.2, more the larger the model, for caches hold less of it).
 */
const DOUBT = {
  decode: { least: 0.03, perDoubling: 0.025 },
  prefill: { least: 0.05, perDoubling: 0.03 },
} as const satisfies Record<string, Doubt>;

const bytesOf = ({ work }: Pick<SpeedQuestion, 'work'>): number => work.layerBytes + work.outputBytes;

/** ms of a token that is written: bytes, layers, comparisons, and what does not depend on the model. */
const decodeRow = ({ work, contextTokens }: SpeedQuestion): number[] => [
  bytesOf({ work }),
  work.layers,
  comparisons(work, contextTokens),
  1,
];

/**
 * ms of a prompt: each token passes the layers, and is compared with those before it; what is read once. Windows end the
 * growth of the comparisons, which is counted at half the prompt's length, on average.
 */
const prefillRow = ({ work, promptTokens }: SpeedQuestion): number[] => [
  promptTokens * work.layerBytes,
  promptTokens * work.layers,
  promptTokens * comparisons(work, promptTokens / 2),
  work.outputBytes,
];

/** Times fitted to what was measured, each as far as it is from it in proportion. */
class Line {
  readonly #doubt: Doubt;
  readonly #coefficients: readonly number[];
  readonly #spread: number;

  constructor(doubt: Doubt, rows: readonly (readonly number[])[], times: readonly number[]) {
    this.#doubt = doubt;
    const relative = rows.map((row, index) => row.map((x) => x / (times[index] ?? 1)));
    this.#coefficients = nonNegativeLeastSquares(
      relative,
      times.map(() => 1),
    );
    const freedom = Math.max(1, times.length - this.#coefficients.filter((value) => value > 0).length);
    const squares = rows.reduce((sum, row, index) => sum + (this.#at(row) / (times[index] ?? 1) - 1) ** 2, 0);
    this.#spread = Math.sqrt(squares / freedom);
  }

  /** @param doublings how far beyond what was measured */
  estimate(row: readonly number[], doublings: number): Estimate {
    const median = this.#at(row);
    const beyond = this.#doubt.least + this.#doubt.perDoubling * doublings;
    const width = Math.exp(Z90 * Math.hypot(this.#spread, beyond));
    return { median, low: median / width, high: median * width };
  }

  #at(row: readonly number[]): number {
    return row.reduce((sum, x, index) => sum + x * (this.#coefficients[index] ?? 0), 0);
  }
}

/**
 * How fast models of one quantization are on one device and engine, from a few that were measured there:
 * t = bytes / bandwidth + layers · t_layer + comparisons · t_c + t_0, none of them negative (research: a roofline with fixed
 * costs). The interval is that of the fit, and widens with the distance from what was measured.
 */
export class SpeedModel {
  readonly #decode: Line;
  readonly #prefill: Line;
  readonly #largestBytes: number;
  readonly #longestContext: number;

  /** @param samples at least two, of models of different size */
  constructor(samples: readonly SpeedSample[]) {
    this.#decode = new Line(
      DOUBT.decode,
      samples.map(decodeRow),
      samples.map(({ decodeMs }) => decodeMs),
    );
    this.#prefill = new Line(
      DOUBT.prefill,
      samples.map(prefillRow),
      samples.map(({ prefillMs }) => prefillMs),
    );
    this.#largestBytes = Math.max(...samples.map(bytesOf));
    this.#longestContext = Math.max(...samples.map(({ contextTokens }) => contextTokens));
  }

  predict(question: SpeedQuestion): PredictedSpeed {
    const doublings =
      Math.max(0, Math.log2(bytesOf(question) / this.#largestBytes)) +
      Math.max(0, Math.log2(question.contextTokens / this.#longestContext));
    return {
      decodeMs: this.#decode.estimate(decodeRow(question), doublings),
      prefillMs: this.#prefill.estimate(prefillRow(question), doublings),
    };
  }
}
