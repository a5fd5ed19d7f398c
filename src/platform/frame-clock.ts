import { NumberRing } from '#kernel/ring-buffer';
import type { FrameSummary } from '#contracts/deliberation';
import { NO_METRICS, type MetricWriter } from '#contracts/metrics';
import { RefreshEstimator } from './refresh-estimator.ts';

/** What the frame clock needs of the browser, so that tests can drive it. */
export interface FrameSource {
  /** Asks for one callback before the next paint; `atMs` is the frame's time on the page's clock. */
  request(onFrame: (atMs: number) => void): number;
  cancel(handle: number): void;
  nowMs(): number;
  visible(): boolean;
  onVisibilityChange(listener: () => void): () => void;
}

/** One painted frame. The object is reused: read it during the call only. */
export interface Frame {
  /** Milliseconds since the frame before it. */
  readonly intervalMs: number;
  /** The display's refresh interval, milliseconds. */
  readonly budgetMs: number;
  /** The frame's time on the page's clock, milliseconds. */
  readonly atMs: number;
}

export type FrameTask = (frame: Frame) => void;

/** Five and a half minutes at 60 Hz; 80 KB. */
const INTERVALS_KEPT = 20_000;
/** Half a refresh late means that a refresh was missed; timer jitter stays well below. */
export const OVER_BUDGET_RATIO = 1.5;

/**
 * The one owner of `requestAnimationFrame`. It measures the refresh interval and every frame while the page is visible
 * and runs the per-frame tasks in the order in which they subscribed. Per frame it allocates nothing.
 */
export class FrameClock {
  readonly #source: FrameSource;
  readonly #metrics: MetricWriter;
  readonly #onFault: (thrown: unknown) => void;
  readonly #intervals = new NumberRing(INTERVALS_KEPT);
  readonly #refresh = new RefreshEstimator();
  readonly #frame = { intervalMs: 0, budgetMs: 0, atMs: 0 };
  #tasks: readonly FrameTask[] = [];
  #lastMs: number | null = null;
  #burnMs = 0;
  #busy = false;
  #handle: number | null = null;
  #forgetVisibility: () => void = () => undefined;

  /** @param onFault told what a task threw; the other tasks and later frames go on */
  constructor(
    source: FrameSource,
    metrics: MetricWriter = NO_METRICS,
    onFault: (thrown: unknown) => void = reportLater,
  ) {
    this.#source = source;
    this.#metrics = metrics;
    this.#onFault = onFault;
  }

  start(): void {
    if (this.#handle !== null) return;
    this.#forgetVisibility = this.#source.onVisibilityChange(() => {
      this.#interrupt();
    });
    this.#interrupt();
    this.#request();
  }

  stop(): void {
    if (this.#handle !== null) this.#source.cancel(this.#handle);
    this.#handle = null;
    this.#forgetVisibility();
  }

  get refreshIntervalMs(): number {
    return this.#refresh.intervalMs;
  }

  /** False while the refresh interval is only assumed (fewer than 20 frames seen). */
  get refreshMeasured(): boolean {
    return this.#refresh.measured;
  }

  /** Tell it while members think: a loaded machine must not pass for a slower display. */
  setBusy(busy: boolean): void {
    this.#busy = busy;
    this.#refresh.setBusy(busy || this.#burnMs > 0);
  }

  subscribe(task: FrameTask): () => void {
    this.#tasks = [...this.#tasks, task];
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== task);
    };
  }

  /** A point in the stream of frames, for `summarySince`. */
  mark(): number {
    return this.#intervals.total;
  }

  /**
   * Frame intervals since `mark` (0: since the start), milliseconds; quantiles by nearest rank. `count` is exact, the
   * rest is of the newest 20,000 frames. All zero without a frame.
   */
  summarySince(mark: number): FrameSummary {
    const count = Math.max(0, this.#intervals.total - mark);
    const sorted = this.#intervals.newest(count).sort();
    const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return { count, p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), longest: rank(1) };
  }

  /** Test hook: busy-waits this many ms in every frame from now on; 0 ends it. */
  burnPerFrame(burnMs: number): void {
    this.#burnMs = Number.isFinite(burnMs) ? Math.max(0, burnMs) : 0;
    this.setBusy(this.#busy);
  }

  #request(): void {
    this.#handle = this.#source.request(this.#onFrame);
  }

  /** Hidden pages get no frames: what lies between two frames is then no frame interval. */
  #interrupt(): void {
    this.#lastMs = null;
    this.#refresh.breakOff();
  }

  readonly #onFrame = (atMs: number): void => {
    // Asked for first: a task that throws must not end the clock.
    this.#request();
    if (!this.#source.visible()) {
      this.#interrupt();
      return;
    }
    const lastMs = this.#lastMs;
    // Browsers may repeat a time stamp when they coarsen it: that is no frame of its own.
    if (lastMs === null || atMs > lastMs) this.#lastMs = atMs;
    if (lastMs !== null && atMs > lastMs) this.#measure(atMs - lastMs, atMs);
    this.#burn();
  };

  #measure(intervalMs: number, atMs: number): void {
    this.#refresh.add(intervalMs);
    this.#intervals.push(intervalMs);
    const budgetMs = this.#refresh.intervalMs;
    this.#metrics.add('frames', 1);
    if (intervalMs > OVER_BUDGET_RATIO * budgetMs) this.#metrics.add('framesOverBudget', 1);
    this.#metrics.set('frameInterval', intervalMs);
    this.#metrics.set('frameBudget', budgetMs);
    this.#frame.intervalMs = intervalMs;
    this.#frame.budgetMs = budgetMs;
    this.#frame.atMs = atMs;
    for (const task of this.#tasks) {
      try {
        task(this.#frame);
      } catch (thrown) {
        this.#onFault(thrown);
      }
    }
  }

  #burn(): void {
    if (this.#burnMs === 0) return;
    const endMs = this.#source.nowMs() + this.#burnMs;
    while (this.#source.nowMs() < endMs);
  }
}

/** Lets the window's error handler see it, after this frame. */
function reportLater(thrown: unknown): void {
  queueMicrotask(() => {
    throw thrown;
  });
}

/** The page's own animation frames. */
export function pageFrames(): FrameSource {
  return {
    request: (onFrame) => requestAnimationFrame(onFrame),
    cancel: (handle) => {
      cancelAnimationFrame(handle);
    },
    nowMs: () => performance.now(),
    visible: () => document.visibilityState === 'visible',
    onVisibilityChange: (listener) => {
      document.addEventListener('visibilitychange', listener);
      return () => {
        document.removeEventListener('visibilitychange', listener);
      };
    },
  };
}
