import { windowedRate } from '#kernel/windowed-rate';
import { METRIC_IDS, type MetricId, type MetricSample } from '#contracts/metrics';

/** What the live charts show. */
export const LIVE_SPAN_MS = 60_000;
/** Tokens come in whole numbers; a second smooths them and still shows a stall at once. */
const RATE_WINDOW_MS = 1_000;

/** Chart columns, oldest first: x in seconds since the Unix epoch, as uPlot wants it. */
export interface LiveColumns {
  readonly atSeconds: readonly number[];
  readonly tokensPerSecond: readonly number[];
  /** Longest frame of each sample, ms; null while the page was hidden or no frame came. */
  readonly frameMs: readonly (number | null)[];
  readonly budgetMs: readonly (number | null)[];
}

/** The samples of the last minute. */
export class LiveWindow {
  #samples: MetricSample[] = [];

  get newestMs(): number | null {
    return this.#samples.at(-1)?.atMs ?? null;
  }

  /** Adds what is newer than all before, and forgets what is older than the span. */
  add(samples: readonly MetricSample[], nowEpochMs: number): void {
    const newest = this.newestMs ?? -Infinity;
    const kept = [...this.#samples, ...samples.filter((sample) => sample.atMs > newest)];
    this.#samples = kept.filter((sample) => sample.atMs > nowEpochMs - LIVE_SPAN_MS);
  }

  /** Last value of a gauge; null before the first sample. */
  last(id: MetricId): number | null {
    return this.#samples.at(-1)?.values[METRIC_IDS.indexOf(id)] ?? null;
  }

  /** Sum of a counter over the window. */
  sum(id: MetricId): number {
    const column = METRIC_IDS.indexOf(id);
    return this.#samples.reduce((total, sample) => total + (sample.values[column] ?? 0), 0);
  }

  columns(): LiveColumns {
    const value = (sample: MetricSample, id: MetricId): number => sample.values[METRIC_IDS.indexOf(id)] ?? 0;
    const positive = (reading: number): number | null => (reading > 0 ? reading : null);
    const times = this.#samples.map((sample) => sample.atMs);
    return {
      atSeconds: times.map((atMs) => atMs / 1000),
      tokensPerSecond: windowedRate(
        times,
        this.#samples.map((sample) => value(sample, 'tokens')),
        RATE_WINDOW_MS,
      ),
      frameMs: this.#samples.map((sample) =>
        sample.visible ? positive(value(sample, 'frameInterval')) : null,
      ),
      budgetMs: this.#samples.map((sample) => positive(value(sample, 'frameBudget'))),
    };
  }
}
