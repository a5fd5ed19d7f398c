import type { Clock } from '#kernel/clock';
import type { QualityView } from '#contracts/decision';
import type { FrameSummary } from '#contracts/deliberation';
import { failureOf, type WitanFailure } from '#contracts/errors';
import type { MonitorPort } from '#contracts/ports';
import type { HistoryPoint } from '#contracts/telemetry';
import { LIVE_SPAN_MS, LiveWindow, type LiveColumns } from './live-window.ts';

/** At most four redraws a second: a chart must not eat the frame budget that it shows. */
const REFRESH_MS = 250;
/** Frames of this span make the p95 tile. */
const FRAME_SPAN_MS = 10_000;
/** Stored history changes every ten seconds (one chunk). */
const HISTORY_REFRESH_MS = 10_000;
/** More points than a chart has columns on a phone, fewer than on a wide screen. */
const HISTORY_POINTS = 360;

export type SamplerStats = Awaited<ReturnType<MonitorPort['stats']>>;

export const HISTORY_SPANS = [
  { minutes: 15, label: '15 minutes' },
  { minutes: 60, label: '1 hour' },
  { minutes: 360, label: '6 hours' },
] as const;

export interface LiveView {
  readonly columns: LiveColumns;
  readonly tokensPerSecond: number | null;
  readonly timeToFirstTokenMs: number | null;
  readonly queue: number | null;
  readonly membersReady: number | null;
  readonly membersThinking: number | null;
  /** Since the start of the window. */
  readonly errors: number;
  readonly rounds: number;
  readonly memoryBytes: number | null;
}

/** What the Monitor page shows; reads only while `run` is on. */
export class MonitorModel {
  live = $state.raw<LiveView | null>(null);
  frames = $state.raw<FrameSummary | null>(null);
  refreshIntervalMs = $state<number | null>(null);
  stats = $state.raw<SamplerStats | null>(null);
  quality: QualityView;
  history = $state.raw<readonly HistoryPoint[] | null>(null);
  historyProblem = $state.raw<WitanFailure | null>(null);
  spanMinutes = $state<number>(60);

  readonly #monitor: MonitorPort;
  readonly #clock: Clock;
  readonly #window = new LiveWindow();
  #marks: { readonly atMs: number; readonly mark: number }[] = [];
  #cancel: (() => void) | null = null;
  #nextHistoryMs = 0;

  constructor(monitor: MonitorPort, clock: Clock) {
    this.#monitor = monitor;
    this.#clock = clock;
    this.quality = $state.raw(monitor.quality());
  }

  /** Refreshes until the returned function is called. A slow reading delays the next one; they never overlap. */
  run(): () => void {
    let running = true;
    const next = (): void => {
      void this.#refresh().finally(() => {
        if (running) this.#cancel = this.#clock.after(REFRESH_MS, next);
      });
    };
    next();
    return () => {
      running = false;
      this.#cancel?.();
    };
  }

  setQualityEnabled(enabled: boolean): void {
    this.#monitor.setQualityEnabled(enabled);
    this.quality = this.#monitor.quality();
  }

  async setSpan(minutes: number): Promise<void> {
    this.spanMinutes = minutes;
    await this.#readHistory();
  }

  async #refresh(): Promise<void> {
    const epochMs = this.#clock.epochMs();
    const since = this.#window.newestMs ?? epochMs - LIVE_SPAN_MS;
    try {
      this.#window.add(await this.#monitor.recent(since), epochMs);
      this.stats = await this.#monitor.stats();
    } catch {
      // The sampler's worker is being replaced: the chart shows the gap, the next reading tries again.
    }
    this.live = this.#readLive();
    this.#readFrames();
    this.quality = this.#monitor.quality();
    if (this.#clock.nowMs() >= this.#nextHistoryMs) await this.#readHistory();
  }

  #readLive(): LiveView {
    const window = this.#window;
    const columns = window.columns();
    const ttft = window.last('timeToFirstToken');
    const memoryKib = window.last('memory');
    return {
      columns,
      tokensPerSecond: columns.tokensPerSecond.at(-1) ?? null,
      timeToFirstTokenMs: ttft === 0 ? null : ttft,
      queue: window.last('queueDepth'),
      membersReady: window.last('membersReady'),
      membersThinking: window.last('membersThinking'),
      errors: window.sum('errors'),
      rounds: window.sum('rounds'),
      memoryBytes: memoryKib === null || memoryKib === 0 ? null : memoryKib * 1024,
    };
  }

  #readFrames(): void {
    const nowMs = this.#clock.nowMs();
    this.#marks = this.#marks.filter((_mark, index, all) => {
      const following = all[index + 1];
      return following === undefined || following.atMs > nowMs - FRAME_SPAN_MS;
    });
    const { mark, summary, refreshIntervalMs } = this.#monitor.frames(this.#marks[0]?.mark);
    this.#marks.push({ atMs: nowMs, mark });
    this.frames = summary;
    this.refreshIntervalMs = refreshIntervalMs;
  }

  async #readHistory(): Promise<void> {
    this.#nextHistoryMs = this.#clock.nowMs() + HISTORY_REFRESH_MS;
    const toMs = this.#clock.epochMs();
    try {
      const read = await this.#monitor.history(toMs - this.spanMinutes * 60_000, toMs, HISTORY_POINTS);
      this.historyProblem = read.ok ? null : read.error;
      if (read.ok) this.history = read.value;
    } catch (thrown) {
      this.historyProblem = failureOf(thrown);
    }
  }
}
