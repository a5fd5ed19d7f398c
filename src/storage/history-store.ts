import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';
import { HistoryChunkSchema, type HistoryChunk } from '#contracts/telemetry';
import type { IDBPObjectStore } from 'idb';
import type { WitanDatabase, WitanSchema } from './database.ts';

type HistoryObjectStore = IDBPObjectStore<WitanSchema, ['history'], 'history', 'readwrite'>;

const HOUR_MS = 3_600_000;
const KEPT_MS = 48 * HOUR_MS;
const SWEEP_EVERY_MS = 60_000;
/** Bounds the cost of one sweep: 500 chunks are 83 minutes of one tab; what is left goes a minute later. */
const SWEEP_LIMIT = 500;
/** Without IndexedDB the history lives in memory: an hour of chunks, 2.5 MB at most. */
const MEMORY_CHUNKS = 360;
/** A chunk is 10 s long unless the worker was held up: it may begin this much before the span it belongs to. */
const LOOK_BACK_MS = 60_000;

export interface HistoryRange {
  readonly chunks: readonly HistoryChunk[];
  /** Records that did not parse; they stay where they are. */
  readonly skipped: number;
}

/**
 * Metric history in IndexedDB, 48 hours of it; in memory where there is no IndexedDB or it was lost. Keys begin with
 * the session, so tabs never overwrite each other; each reads the chunks of all.
 */
export class HistoryStore {
  readonly #clock: Clock;
  #database: WitanDatabase | null = null;
  #memory: HistoryChunk[] = [];
  #sweptMs = Number.NEGATIVE_INFINITY;
  #written = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Gives the store its database, or takes it away (null) when the connection is gone. */
  attach(database: WitanDatabase | null): void {
    this.#database = database;
  }

  /** False while chunks are kept in memory only. */
  get persistent(): boolean {
    return this.#database !== null;
  }

  /** Chunks written to IndexedDB by this store. */
  get written(): number {
    return this.#written;
  }

  /**
   * Keeps a chunk and, once a minute, removes what is older than 48 hours in the same transaction.
   * Errors: storage-failed (the chunk is then kept in memory).
   */
  async append(chunk: HistoryChunk): Promise<Outcome<null>> {
    if (this.#database === null) {
      this.#remember(chunk);
      return ok(null);
    }
    try {
      await this.#write(this.#database, chunk);
      this.#written += 1;
      return ok(null);
    } catch (thrown) {
      this.#remember(chunk);
      return err(this.#storageFailure(thrown));
    }
  }

  /** Chunks that overlap [fromMs, toMs) (epoch), by start time. Errors: storage-failed. */
  async range(fromMs: number, toMs: number): Promise<Outcome<HistoryRange>> {
    const chunks: HistoryChunk[] = [];
    const visited = await this.visit(fromMs, toMs, (chunk) => chunks.push(chunk));
    if (!visited.ok) return visited;
    chunks.sort((a, b) => a.startMs - b.startMs);
    return ok({ chunks, skipped: visited.value.skipped });
  }

  /** As `range`, one chunk at a time and at most an hour of them in memory. Errors: storage-failed. */
  async visit(
    fromMs: number,
    toMs: number,
    onChunk: (chunk: HistoryChunk) => void,
  ): Promise<Outcome<{ readonly skipped: number }>> {
    let skipped = 0;
    const offer = (record: unknown): void => {
      const chunk = parseChunk(record);
      if (chunk === null) skipped += 1;
      else if (chunk.endMs > fromMs && chunk.startMs < toMs) onChunk(chunk);
    };
    for (const chunk of this.#memory) offer(chunk);
    try {
      const nowMs = this.#clock.epochMs();
      const firstMs = Math.max(fromMs, nowMs - KEPT_MS - HOUR_MS) - LOOK_BACK_MS;
      const lastMs = Math.min(toMs, nowMs + HOUR_MS);
      for (let startMs = firstMs; startMs < lastMs && this.#database !== null; startMs += HOUR_MS) {
        const hour = IDBKeyRange.bound(startMs, Math.min(lastMs, startMs + HOUR_MS), false, true);
        for (const record of await this.#database.getAllFromIndex('history', 'startMs', hour)) offer(record);
      }
      return ok({ skipped });
    } catch (thrown) {
      return err(this.#storageFailure(thrown));
    }
  }

  async #write(database: WitanDatabase, chunk: HistoryChunk): Promise<void> {
    const transaction = database.transaction('history', 'readwrite');
    const { store } = transaction;
    // Awaited together: when one request fails, all do, and a rejection that nobody awaits would be an unhandled one.
    await Promise.all([store.put(chunk, chunk.id), this.#sweep(store), transaction.done]);
  }

  async #sweep(store: HistoryObjectStore): Promise<void> {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#sweptMs < SWEEP_EVERY_MS) return;
    this.#sweptMs = nowMs;
    const tooOld = IDBKeyRange.upperBound(this.#clock.epochMs() - KEPT_MS, true);
    const keys = await store.index('startMs').getAllKeys(tooOld, SWEEP_LIMIT);
    await Promise.all(keys.map((key) => store.delete(key)));
  }

  #remember(chunk: HistoryChunk): void {
    this.#memory.push(chunk);
    if (this.#memory.length > MEMORY_CHUNKS) this.#memory = this.#memory.slice(-MEMORY_CHUNKS);
  }

  #storageFailure(thrown: unknown): ReturnType<typeof failure> {
    // InvalidStateError: the connection is closed for good, so go on in memory.
    if (thrown instanceof DOMException && thrown.name === 'InvalidStateError') this.#database = null;
    return failure('storage-failed', { store: 'history' }, thrown);
  }
}

/** A chunk whose shape is right, or null. A column holds a value per sample, or one that stands for all. */
function parseChunk(record: unknown): HistoryChunk | null {
  const parsed = parseWith(HistoryChunkSchema, record, 'record-invalid');
  if (!parsed.ok) return null;
  const { columns, values, offsets } = parsed.value;
  const fits = (column: Float32Array): boolean => column.length === offsets.length || column.length === 1;
  return columns.length === values.length && values.every(fits) ? parsed.value : null;
}
