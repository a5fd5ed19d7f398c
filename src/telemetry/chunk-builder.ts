import { METRIC_IDS } from '#contracts/metrics';
import type { HistoryChunk } from '#contracts/telemetry';

/** Beside the metrics: 1 while the page was visible, 0 while hidden. */
export const VISIBLE_COLUMN = 'visible';
const COLUMNS: readonly string[] = [...METRIC_IDS, VISIBLE_COLUMN];

/**
 * Collects samples and cuts them into columnar chunks. A chunk covers (startMs, endMs]: sample i is the reading of
 * the interval that ended at `offsets[i]`, so intervals are known exactly, the first one and late ones included.
 */
export class ChunkBuilder {
  readonly #session: string;
  readonly #intervalMs: number;
  readonly #capacity: number;
  readonly #offsets: Float32Array;
  readonly #values: readonly Float32Array[];
  #count = 0;
  #startMs = 0;
  #missedTicks = 0;

  constructor(session: string, intervalMs: number, capacity: number) {
    this.#session = session;
    this.#intervalMs = intervalMs;
    this.#capacity = capacity;
    this.#offsets = new Float32Array(capacity);
    this.#values = COLUMNS.map(() => new Float32Array(capacity));
  }

  get full(): boolean {
    return this.#count >= this.#capacity;
  }

  /** From the chunk's start to its newest sample, milliseconds; 0 when empty. */
  get spanMs(): number {
    return this.#count === 0 ? 0 : (this.#offsets[this.#count - 1] ?? 0);
  }

  /** @param startMs when the interval of this sample began, @param endMs when it ended; both since the Unix epoch */
  add(
    startMs: number,
    endMs: number,
    values: readonly number[],
    visible: boolean,
    missedTicks: number,
  ): void {
    if (this.#count === 0) this.#startMs = Math.round(startMs);
    const row = this.#count;
    this.#offsets[row] = endMs - this.#startMs;
    this.#values.forEach((column, index) => {
      column[row] = index < METRIC_IDS.length ? (values[index] ?? 0) : Number(visible);
    });
    this.#missedTicks += missedTicks;
    this.#count += 1;
  }

  /** What was collected so far as a chunk, or null when there is nothing. */
  peek(): HistoryChunk | null {
    if (this.#count === 0) return null;
    return {
      schema: 'witan.history-chunk',
      version: 1,
      id: `${this.#session}/${String(this.#startMs)}`,
      session: this.#session,
      startMs: this.#startMs,
      endMs: Math.round(this.#startMs + this.spanMs),
      intervalMs: this.#intervalMs,
      columns: [...COLUMNS],
      offsets: this.#offsets.slice(0, this.#count),
      values: this.#values.map((column) => compact(column.subarray(0, this.#count))),
      missedTicks: this.#missedTicks,
    };
  }

  /** Like `peek`, and starts afresh. */
  cut(): HistoryChunk | null {
    const chunk = this.peek();
    this.#count = 0;
    this.#missedTicks = 0;
    return chunk;
  }
}

/** A column that never changed is kept as its one value: most do not while the council is idle. */
function compact(column: Float32Array): Float32Array<ArrayBuffer> {
  const first = column[0] ?? 0;
  const constant = column.every((value) => value === first);
  return Float32Array.from(constant ? column.subarray(0, 1) : column);
}
