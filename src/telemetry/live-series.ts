import { windowedRate } from '#kernel/windowed-rate';
import { METRIC_IDS, type MetricSample } from '#contracts/metrics';

/** Columns of the live chart, one entry a sample, oldest first. Null is a gap. */
export interface LiveSeries {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: readonly number[];
  /** Decoded by all members, over the last second. */
  readonly tokensPerSecond: readonly number[];
  /** Longest frame interval of each sample, ms; null without a frame (page hidden, or the frame outlasted the sample). */
  readonly frameMs: readonly (number | null)[];
  /** The display's refresh interval, ms; null before the first frame. */
  readonly budgetMs: readonly (number | null)[];
}

/** A second smooths tokens, which come in whole numbers, and still shows a stall within a second. */
const RATE_WINDOW_MS = 1000;

const TOKENS = METRIC_IDS.indexOf('tokens');
const FRAME = METRIC_IDS.indexOf('frameInterval');
const BUDGET = METRIC_IDS.indexOf('frameBudget');

/** Turns samples into chart columns. */
export function liveSeries(samples: readonly MetricSample[]): LiveSeries {
  const atMs = samples.map((sample) => sample.atMs);
  const positive = (sample: MetricSample, metric: number): number | null => {
    const value = sample.values[metric] ?? 0;
    return value > 0 ? value : null;
  };
  return {
    atMs,
    tokensPerSecond: windowedRate(
      atMs,
      samples.map((sample) => sample.values[TOKENS] ?? 0),
      RATE_WINDOW_MS,
    ),
    frameMs: samples.map((sample) => (sample.visible ? positive(sample, FRAME) : null)),
    budgetMs: samples.map((sample) => positive(sample, BUDGET)),
  };
}
