import * as v from 'valibot';
import type { Outcome } from './errors.ts';
import type { MetricSample } from './metrics.ts';

/** Ten seconds of samples, column by column, as kept in IndexedDB. */
export const HistoryChunkSchema = v.object({
  schema: v.literal('witan.history-chunk'),
  version: v.literal(1),
  /** `<session>/<startMs>`, the primary key. */
  id: v.string(),
  session: v.string(),
  startMs: v.number(),
  endMs: v.number(),
  intervalMs: v.number(),
  columns: v.array(v.string()),
  /** Ends of the samples' intervals as offsets from `startMs`, milliseconds: the first interval begins at `startMs`. */
  offsets: v.instance(Float32Array),
  /** One Float32Array a column: a value per sample, or a single one where the column never changed. */
  values: v.array(v.instance(Float32Array)),
  /** Ticks that the sampler missed in this span; never caught up. */
  missedTicks: v.number(),
});
export type HistoryChunk = v.InferOutput<typeof HistoryChunkSchema>;

/** One second (or more) of history for a chart. */
export interface HistoryPoint {
  readonly atMs: number;
  /**
   * Mean per metric over the span (counters: per second), in `METRIC_IDS` order. NaN where nothing is known: a metric
   * that was not recorded then, or a frame interval while no frame was painted.
   */
  readonly mean: readonly number[];
  readonly max: readonly number[];
}

export interface TelemetryStart {
  /** The board's slots: shared memory when isolated, else null and the page posts its slots every 100 ms. */
  readonly board: SharedArrayBuffer | null;
  readonly session: string;
}

/** Control plane of the telemetry worker. */
export interface TelemetryWorkerApi {
  start(options: TelemetryStart): Promise<Outcome<{ persistent: boolean }>>;
  setVisible(visible: boolean): Promise<void>;
  /** Only without shared memory: a copy of the slots. */
  offer(slots: Int32Array): Promise<void>;
  /** Samples since `sinceMs` (epoch), newest last, at most 3,000. */
  recent(sinceMs: number): Promise<readonly MetricSample[]>;
  /** Points of stored history between two epoch times, at most `maxPoints`. */
  history(fromMs: number, toMs: number, maxPoints: number): Promise<Outcome<readonly HistoryPoint[]>>;
  stats(): Promise<{
    samples: number;
    missedTicks: number;
    chunksWritten: number;
    persistent: boolean;
    meanTickUs: number;
  }>;
  /** Writes what is buffered now. */
  flush(): Promise<Outcome<null>>;
  stop(): Promise<void>;
}
