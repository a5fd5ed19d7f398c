import {
  PREDICTED,
  type ModelPrediction,
  type PredictionRecord,
  type PredictionScore,
  type PredictionVerdict,
} from '#contracts/capacity';
import type { Backend, Generation } from '#contracts/engine';
import type { Estimate } from '#contracts/estimate';
import { median } from '#kernel/statistics-order';
import { mannWhitneyU } from '#kernel/statistics-ranks';
import { leastSquaresSlope } from '#kernel/statistics-trend';

/** What was foretold of a model. memory: of the engine's own account, where that is what it is compared with. */
export type Foretold = Pick<
  ModelPrediction,
  'id' | 'name' | 'backend' | 'promptTokens' | 'tokensPerSecond' | 'ttft' | 'memory'
>;

/** An answer that was really given. */
export interface RealRun extends Pick<
  Generation,
  'promptTokens' | 'completionTokens' | 'timeToFirstTokenMs' | 'decodeTokensPerSecond' | 'replayed'
> {
  /** Epoch. */
  readonly atMs: number;
  /** Where it really ran. */
  readonly backend: Backend;
  /** By the engine's own account; null where it gives none. */
  readonly memoryBytes: number | null;
  /** A part of the prompt was still in the cache. */
  readonly promptReused: boolean;
  /** Another member wrote meanwhile, the page was hidden, or decoding was slowed on purpose: its times say nothing. */
  readonly disturbed: boolean;
}

/** Below this the clock of the stream, some 16 ms a step, is too coarse for a speed. */
const LEAST_TOKENS = 8;

/** How much longer or shorter the prompt may be than the one that was foretold for: speed changes with its length. */
const PROMPT_RATIO = 1.25;

/**
 * What became of a prediction, one verdict for each figure that is known on both sides; none of a run that is no answer to
 * it. `prefill` is prompt tokens ÷ time to first token, on both sides.
 * @param correction by which the prediction had been corrected; 1 not at all
 */
export function verdictsOf(foretold: Foretold, run: RealRun, correction = 1): readonly PredictionVerdict[] {
  if (run.backend !== foretold.backend) return [];
  const verdict = (
    what: PredictionVerdict['what'],
    predicted: Estimate | null,
    measured: number | null,
  ): readonly PredictionVerdict[] => {
    if (predicted === null || predicted.median <= 0 || measured === null || measured <= 0) return [];
    if (![predicted.high, measured].every(Number.isFinite)) return [];
    return [
      {
        schema: 'witan.prediction-verdict',
        version: 1,
        atMs: run.atMs,
        modelId: foretold.id,
        name: foretold.name,
        backend: run.backend,
        what,
        predicted,
        measured,
        promptTokens: run.promptTokens,
        ...(correction !== 1 && what !== 'memory' && { correction }),
      },
    ];
  };
  const timed = !run.disturbed && run.replayed !== true;
  const sameQuestion =
    Math.max(run.promptTokens, foretold.promptTokens) <=
    PROMPT_RATIO * Math.min(run.promptTokens, foretold.promptTokens);
  return [
    ...(timed && run.completionTokens >= LEAST_TOKENS
      ? verdict('decode', foretold.tokensPerSecond, run.decodeTokensPerSecond)
      : []),
    ...(timed && sameQuestion && !run.promptReused
      ? verdict(
          'prefill',
          readingSpeed(foretold.ttft, foretold.promptTokens),
          run.timeToFirstTokenMs === null ? null : perSecond(run.promptTokens, run.timeToFirstTokenMs),
        )
      : []),
    ...verdict('memory', foretold.memory, run.memoryBytes),
  ];
}

const perSecond = (tokens: number, ms: number): number => (1000 * tokens) / ms;

function readingSpeed(ttft: Estimate | null, promptTokens: number): Estimate | null {
  if (ttft === null) return null;
  return {
    median: perSecond(promptTokens, ttft.median),
    low: perSecond(promptTokens, ttft.high),
    high: perSecond(promptTokens, ttft.low),
  };
}

const newestFirst = (verdicts: readonly PredictionVerdict[]): PredictionVerdict[] =>
  [...verdicts].sort((a, b) => b.atMs - a.atMs);

const isInside = ({ predicted, measured }: PredictionVerdict): boolean =>
  predicted.low <= measured && measured <= predicted.high;

function scoreOf(verdicts: readonly PredictionVerdict[]): PredictionScore {
  const errors = verdicts
    .map(({ predicted, measured }) => Math.abs(predicted.median / measured - 1))
    .filter(Number.isFinite);
  return {
    medianError: errors.length === 0 ? null : median(errors),
    covered: verdicts.length === 0 ? null : verdicts.filter(isInside).length / verdicts.length,
  };
}

/** How right the predictions were: the median of |predicted ÷ measured − 1|, and how many intervals held. */
export function recordOf(verdicts: readonly PredictionVerdict[]): PredictionRecord {
  return {
    verdicts: newestFirst(verdicts),
    ...scoreOf(verdicts),
    kinds: PREDICTED.flatMap((what) => {
      const of = verdicts.filter((verdict) => verdict.what === what);
      return of.length === 0 ? [] : [{ what, runs: of.length, ...scoreOf(of) }];
    }),
  };
}

/** Runs of one model that count for the correction: it is of the device, and must not become that of the favourite. */
const RUNS_PER_MODEL = 5;

/** Runs' worth of belief that predictions are right as they are: with as many runs, half of their error is corrected. */
const PRIOR_RUNS = 5;

/** Beyond a factor of two a prediction is not off but of another device, and ought to be made anew. */
const MOST_CORRECTION = 2;

/** Verdicts on writing with one backend since a moment, newest first, with measured ÷ predicted before correction. */
function decodeRatios(
  verdicts: readonly PredictionVerdict[],
  backend: Backend,
  sinceMs: number,
): { verdict: PredictionVerdict; ratio: number }[] {
  return newestFirst(verdicts)
    .filter(({ what, backend: of, atMs }) => what === 'decode' && of === backend && atMs >= sinceMs)
    .map((verdict) => ({
      verdict,
      ratio: (verdict.measured * (verdict.correction ?? 1)) / verdict.predicted.median,
    }))
    .filter(({ ratio }) => Number.isFinite(ratio) && ratio > 0);
}

/**
 * By what the predicted speed of writing is to be multiplied: exp(n / (n + 5) · median of ln(measured ÷ predicted)) over the
 * n runs that count, the newest five of each model; within 1/2 and 2, and 1 without any. It is of predictions before
 * correction, so that correcting does not undo itself.
 * @param sinceMs when the measurement was made that predictions rest on (epoch): what was before says nothing of it
 */
export function correctionOf(verdicts: readonly PredictionVerdict[], backend: Backend, sinceMs = 0): number {
  const seen = new Map<string, number>();
  const counted = decodeRatios(verdicts, backend, sinceMs).filter(({ verdict: { modelId } }) => {
    const runs = (seen.get(modelId) ?? 0) + 1;
    seen.set(modelId, runs);
    return runs <= RUNS_PER_MODEL;
  });
  if (counted.length === 0) return 1;
  const centre = median(counted.map(({ ratio }) => Math.log(ratio)));
  const corrected = Math.exp((counted.length / (counted.length + PRIOR_RUNS)) * centre);
  return Math.min(MOST_CORRECTION, Math.max(1 / MOST_CORRECTION, corrected));
}

/**
 * outside: far fewer measurements lie in their intervals than was promised · growing: errors become larger · none: neither.
 */
export interface Staleness {
  readonly stale: boolean;
  readonly reason: 'outside' | 'growing' | 'none';
  /** One sentence for people. */
  readonly detail: string;
}

/** Newest runs that are looked at, and the fewest that say anything. */
const WINDOW = { most: 20, least: 8 };
/** Of nine intervals in ten holding (`EstimateSchema`), and of errors that do not grow. */
const FALSE_ALARM = 0.01;
const PROMISED = 0.9;
/** Errors that matter (issue bar: 10 % in the median), and by how much they must have grown over the window. */
const GROWN = { error: 0.1, by: 0.05 };

/** P(at most `hits` of `total` when each has the promised chance): the lower tail of the binomial distribution. */
function chanceOfSoFew(hits: number, total: number): number {
  let term = (1 - PROMISED) ** total;
  let sum = term;
  for (let k = 1; k <= hits; k += 1) {
    term *= ((total - k + 1) / k) * (PROMISED / (1 - PROMISED));
    sum += term;
  }
  return sum;
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/**
 * Whether the measurement that predictions rest on has grown stale: the device, its browser or its driver is another one
 * now. Looks at the newest 8 to 20 runs: too few inside their intervals by the exact binomial test, or an error that is
 * above 10 % and larger in the newer half (Mann–Whitney), with a line through it that rises by 5 points.
 * @param sinceMs as in `correctionOf`
 */
export function isStale(verdicts: readonly PredictionVerdict[], backend: Backend, sinceMs = 0): Staleness {
  const newest = decodeRatios(verdicts, backend, sinceMs).slice(0, WINDOW.most).reverse();
  const { length: total } = newest;
  const fresh = (detail: string): Staleness => ({ stale: false, reason: 'none', detail });
  if (total < WINDOW.least)
    return fresh(`${total} runs since the device was measured: too few to tell from.`);
  const inside = newest.filter(({ verdict }) => isInside(verdict)).length;
  const held = `${inside} of the last ${total} runs lay within their predicted interval`;
  if (chanceOfSoFew(inside, total) < FALSE_ALARM)
    return { stale: true, reason: 'outside', detail: `Only ${held}; nine of ten should. Measure again.` };
  const errors = newest.map(({ verdict: { predicted, measured } }) =>
    Math.abs(predicted.median / measured - 1),
  );
  const half = Math.floor(total / 2);
  const [older, newer] = [errors.slice(0, half), errors.slice(-half)];
  const growth = leastSquaresSlope([...errors.keys()], errors) * (total - 1);
  const [before, now] = [median(older), median(newer)];
  const grew = growth > GROWN.by && now > GROWN.error && now > before;
  if (grew && mannWhitneyU(older, newer).p < 2 * FALSE_ALARM)
    return {
      stale: true,
      reason: 'growing',
      detail: `The error of predictions grew from ${percent(before)} to ${percent(now)} over the last ${total} runs. Measure again.`,
    };
  return fresh(`${held}.`);
}
