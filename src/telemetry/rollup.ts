import { METRIC_IDS, METRICS } from '#contracts/metrics';
import type { HistoryChunk, HistoryPoint } from '#contracts/telemetry';

const KINDS = METRIC_IDS.map((id) => METRICS[id].kind);

/** Sums of one tab's samples within one bucket. */
interface Share {
  coveredMs: number;
  readonly sum: Float64Array;
  /** Time (gauges, counters) or readings (peaks) behind each sum. */
  readonly weight: Float64Array;
}

interface Bucket {
  readonly shares: Map<string, Share>;
  readonly max: Float64Array;
}

/**
 * Folds chunks into at most `maxPoints` points of equal span, one second or longer. Mean: counters per second (tabs
 * add up), gauges weighted by time, peaks over the samples that had one. Max: the highest single sample, counters as
 * a rate. NaN where nothing is known (a metric the chunk has no column for, no frame painted); spans without samples
 * have no point. Chunks may come in any order.
 */
export class Rollup {
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #bucketMs: number;
  readonly #buckets = new Map<number, Bucket>();

  constructor(fromMs: number, toMs: number, maxPoints: number) {
    this.#fromMs = fromMs;
    this.#toMs = toMs;
    this.#bucketMs = Math.max(1000, Math.ceil((toMs - fromMs) / Math.max(1, Math.floor(maxPoints))));
  }

  add(chunk: HistoryChunk): void {
    const columns = METRIC_IDS.map((id) => chunk.values[chunk.columns.indexOf(id)]);
    let previousMs = 0;
    chunk.offsets.forEach((offsetMs, row) => {
      // A sample after a stall (the machine slept) must not outweigh its whole bucket.
      const spanMs = Math.min(offsetMs - previousMs, this.#bucketMs);
      previousMs = offsetMs;
      const atMs = chunk.startMs + offsetMs;
      if (atMs < this.#fromMs || atMs >= this.#toMs) return;
      const bucket = this.#bucket(Math.floor((atMs - this.#fromMs) / this.#bucketMs));
      const share = shareOf(bucket, chunk.session);
      share.coveredMs += spanMs;
      columns.forEach((column, metric) => {
        if (column === undefined) return;
        const value = column.length === 1 ? column[0] : column[row];
        if (value !== undefined) this.#take(bucket, share, metric, value, spanMs, chunk.intervalMs);
      });
    });
  }

  /** Oldest first; a point's time is the middle of its span. */
  points(): HistoryPoint[] {
    return [...this.#buckets.entries()]
      .sort(([a], [b]) => a - b)
      .map(([index, bucket]) => ({
        atMs: this.#fromMs + (index + 0.5) * this.#bucketMs,
        mean: METRIC_IDS.map((_, metric) => meanOf(bucket, metric)),
        max: [...bucket.max],
      }));
  }

  #bucket(index: number): Bucket {
    let bucket = this.#buckets.get(index);
    if (bucket === undefined) {
      bucket = { shares: new Map(), max: new Float64Array(METRIC_IDS.length).fill(NaN) };
      this.#buckets.set(index, bucket);
    }
    return bucket;
  }

  #take(
    bucket: Bucket,
    share: Share,
    metric: number,
    value: number,
    spanMs: number,
    intervalMs: number,
  ): void {
    const kind = KINDS[metric];
    if (kind === 'peak' && value === 0) return;
    const weight = kind === 'gauge' ? spanMs : 1;
    share.sum[metric] = (share.sum[metric] ?? 0) + value * weight;
    share.weight[metric] = (share.weight[metric] ?? 0) + weight;
    // A tick after a late one covers a short span: over the nominal interval at least, or one token looks like fifty.
    const highest = kind === 'counter' ? (value * 1000) / Math.max(spanMs, intervalMs) : value;
    const before = bucket.max[metric] ?? NaN;
    bucket.max[metric] = Number.isNaN(before) ? highest : Math.max(before, highest);
  }
}

/** All chunks at once. */
export function rollUp(
  chunks: Iterable<HistoryChunk>,
  fromMs: number,
  toMs: number,
  maxPoints: number,
): HistoryPoint[] {
  const rollup = new Rollup(fromMs, toMs, maxPoints);
  for (const chunk of chunks) rollup.add(chunk);
  return rollup.points();
}

function shareOf(bucket: Bucket, session: string): Share {
  let share = bucket.shares.get(session);
  if (share === undefined) {
    const width = METRIC_IDS.length;
    share = { coveredMs: 0, sum: new Float64Array(width), weight: new Float64Array(width) };
    bucket.shares.set(session, share);
  }
  return share;
}

function meanOf(bucket: Bucket, metric: number): number {
  const isCounter = KINDS[metric] === 'counter';
  let rate = 0;
  let sum = 0;
  let weight = 0;
  for (const share of bucket.shares.values()) {
    const ownWeight = share.weight[metric] ?? 0;
    const ownSum = share.sum[metric] ?? 0;
    if (isCounter && ownWeight > 0 && share.coveredMs > 0) rate += (ownSum * 1000) / share.coveredMs;
    sum += ownSum;
    weight += ownWeight;
  }
  if (weight === 0) return NaN;
  return isCounter ? rate : sum / weight;
}
