import type { Clock } from '#kernel/clock';
import { RowRing } from '#kernel/ring-buffer';
import { METRIC_IDS, SAMPLE_INTERVAL_MS, type MetricSample } from '#contracts/metrics';
import type { HistoryChunk } from '#contracts/telemetry';
import { ChunkBuilder } from './chunk-builder.ts';

/** Long enough for one cheap write, short enough that a killed tab loses little. */
const CHUNK_MS = 10_000;
/** Five minutes at ten a second: what `recent` may answer with. */
const SAMPLES_KEPT = 3_000;
/** A wall clock this far off its expected time was set by somebody, or the machine slept. */
const CLOCK_JUMP_MS = 1_000;

export interface SamplerOptions {
  readonly clock: Clock;
  /** One value per metric, `METRIC_IDS` order; counters as increments since the last call. */
  readonly read: () => readonly number[];
  readonly session: string;
  /** Takes each finished chunk; must not throw and must not block. */
  readonly sink: (chunk: HistoryChunk) => void;
  readonly intervalMs?: number;
}

export interface SamplerStats {
  readonly samples: number;
  readonly missedTicks: number;
  /** Mean own cost of one tick, microseconds. */
  readonly meanTickUs: number;
}

/**
 * Samples on a fixed grid. The next tick is set only when this one has ended, so ticks never overlap; a tick that
 * comes late is one sample over the longer interval, and the grid points it slept through are counted, never caught
 * up (a burst would invent readings and hide the stall: coordinated omission).
 */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #intervalMs: number;
  readonly #recent = new RowRing(SAMPLES_KEPT, METRIC_IDS.length + 2);
  readonly #chunk: ChunkBuilder;
  #cancel: (() => void) | null = null;
  #visible = true;
  #originMs = 0;
  #tick = 0;
  #samples = 0;
  #missedTicks = 0;
  #costMs = 0;
  #lastMs = 0;
  /** Epoch time minus monotonic time. */
  #epochOffsetMs = 0;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs ?? SAMPLE_INTERVAL_MS;
    // A timer may come a little early, hence the margin; a full builder is cut like an old one.
    const capacity = Math.ceil(CHUNK_MS / this.#intervalMs) + 8;
    this.#chunk = new ChunkBuilder(options.session, this.#intervalMs, capacity);
  }

  start(): void {
    if (this.#cancel !== null) return;
    const { clock } = this.#options;
    this.#originMs = clock.nowMs();
    this.#lastMs = this.#originMs;
    this.#epochOffsetMs = clock.epochMs() - this.#originMs;
    this.#tick = 0;
    this.#schedule();
  }

  /** Stops ticking. What is collected stays for `cut`. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** Marks the samples from now on: figures of frames mean nothing while the page is hidden. */
  setVisible(visible: boolean): void {
    this.#visible = visible;
  }

  /** Samples later than `sinceMs` (epoch), newest last, at most 3,000. */
  recent(sinceMs: number): MetricSample[] {
    const samples: MetricSample[] = [];
    for (let index = 0; index < this.#recent.length; index += 1) {
      const row = this.#recent.row(index);
      const atMs = row[0] ?? 0;
      if (atMs > sinceMs) samples.push({ atMs, visible: row[1] === 1, values: Array.from(row.subarray(2)) });
    }
    return samples;
  }

  /** The unfinished chunk as it is, or null. */
  unfinished(): HistoryChunk | null {
    return this.#chunk.peek();
  }

  /** Hands the unfinished chunk to the sink now. */
  cut(): void {
    const chunk = this.#chunk.cut();
    if (chunk !== null) this.#options.sink(chunk);
  }

  stats(): SamplerStats {
    return {
      samples: this.#samples,
      missedTicks: this.#missedTicks,
      meanTickUs: this.#samples === 0 ? 0 : (this.#costMs * 1000) / this.#samples,
    };
  }

  #schedule(): void {
    const dueMs = this.#originMs + (this.#tick + 1) * this.#intervalMs;
    this.#cancel = this.#options.clock.after(Math.max(0, dueMs - this.#options.clock.nowMs()), () => {
      this.#onTick();
    });
  }

  #onTick(): void {
    const startedMs = this.#options.clock.nowMs();
    const reached = Math.floor((startedMs - this.#originMs) / this.#intervalMs);
    // A timer that fires early still belongs to the grid point that it was set for.
    const tick = Math.max(this.#tick + 1, reached);
    const missed = tick - this.#tick - 1;
    this.#tick = tick;
    this.#sample(startedMs, missed);
    this.#costMs += this.#options.clock.nowMs() - startedMs;
    this.#schedule();
  }

  #sample(nowMs: number, missed: number): void {
    this.#followWallClock(nowMs);
    const values = this.#options.read();
    const atMs = nowMs + this.#epochOffsetMs;
    this.#recent.push([Math.round(atMs), Number(this.#visible), ...values]);
    this.#chunk.add(this.#lastMs + this.#epochOffsetMs, atMs, values, this.#visible, missed);
    this.#lastMs = nowMs;
    this.#samples += 1;
    this.#missedTicks += missed;
    if (this.#chunk.full || this.#chunk.spanMs >= CHUNK_MS) this.cut();
  }

  /** Within a chunk time is monotonic and dense: a wall clock that was set, or a long stall, starts a new chunk. */
  #followWallClock(nowMs: number): void {
    const offsetMs = this.#options.clock.epochMs() - nowMs;
    const jumped = Math.abs(offsetMs - this.#epochOffsetMs) > CLOCK_JUMP_MS;
    if (jumped || nowMs - this.#lastMs > CHUNK_MS) this.cut();
    if (jumped || this.#chunk.spanMs === 0) this.#epochOffsetMs = offsetMs;
  }
}
