import type { Clock } from '#kernel/clock';
import { windowedRate } from '#kernel/windowed-rate';
import type { DownloadProgress, DownloadWait } from '#contracts/download';

/** Four times a second is as often as a person reads a number. */
const EVERY_MS = 250;
/** Long enough for the pauses between chunks, short enough to show that a line has become slow. */
const WINDOW_MS = 3_000;

/** Counts what a download does, and tells it. */
export class ProgressMeter {
  readonly #clock: Clock;
  readonly #tell: (progress: DownloadProgress) => void;
  #state: Omit<DownloadProgress, 'bytesPerSecond' | 'leftMs' | 'waiting'> = {
    keptBytes: 0,
    transferredBytes: 0,
    sizeBytes: null,
    mirror: null,
    retries: 0,
  };
  #wait: DownloadWait | null = null;
  /** Requests under way. */
  #open = 0;
  /** Bytes of chunks that are not kept yet but need not come over the network again. */
  #onTheWay = 0;
  #times: number[] = [];
  #increments: number[] = [];
  #sinceMs: number | null = null;
  #unsampled = 0;
  #toldMs = -Infinity;
  #cancel: (() => void) | null = null;
  #closed = false;

  constructor(clock: Clock, tell: (progress: DownloadProgress) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  begin(sizeBytes: number, keptBytes: number): void {
    this.#note({ sizeBytes, keptBytes });
  }

  transferred(bytes: number): void {
    this.#sinceMs ??= this.#clock.nowMs();
    this.#unsampled += bytes;
    this.#note({ transferredBytes: this.#state.transferredBytes + bytes });
  }

  /** @param bytes of a chunk that is here; negative when it was kept or thrown away */
  onTheWay(bytes: number): void {
    this.#onTheWay += bytes;
  }

  kept(bytes: number): void {
    this.#note({ keptBytes: this.#state.keptBytes + bytes });
  }

  retried(): void {
    this.#note({ retries: this.#state.retries + 1 });
  }

  /** A request begins. @returns what ends it */
  open(): () => void {
    this.#open += 1;
    this.#note({});
    return () => {
      this.#open -= 1;
      this.#note({});
    };
  }

  answeredBy(mirror: string): void {
    if (mirror !== this.#state.mirror) this.#note({ mirror });
  }

  /** Some part of the download waits, for this; null when it goes on. It is told when no other part is at work. */
  waits(wait: DownloadWait | null): void {
    this.#wait = wait;
    this.#note({});
  }

  /** Tells how it ended; nothing after that. */
  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#wait = null;
    this.#emit();
    this.#closed = true;
  }

  #note(change: Partial<DownloadProgress>): void {
    this.#state = { ...this.#state, ...change };
    if (this.#closed || this.#cancel !== null) return;
    this.#cancel = this.#clock.after(Math.max(0, this.#toldMs + EVERY_MS - this.#clock.nowMs()), () => {
      this.#cancel = null;
      this.#emit();
      // A line that went silent: its speed falls, although nothing else happens.
      if (this.#increments.some((bytes) => bytes > 0)) this.#note({});
    });
  }

  #emit(): void {
    const nowMs = this.#clock.nowMs();
    this.#toldMs = nowMs;
    const waiting = this.#open === 0 ? this.#wait : null;
    if (waiting !== null) this.#forgetSpeed();
    const bytesPerSecond = this.#speed(nowMs);
    const { sizeBytes, keptBytes } = this.#state;
    const leftBytes = sizeBytes === null ? null : Math.max(0, sizeBytes - keptBytes - this.#onTheWay);
    const leftMs =
      leftBytes === 0
        ? 0
        : leftBytes === null || bytesPerSecond === null || bytesPerSecond === 0
          ? null
          : (leftBytes * 1000) / bytesPerSecond;
    this.#tell({ ...this.#state, bytesPerSecond, leftMs, waiting });
  }

  #forgetSpeed(): void {
    this.#times = [];
    this.#increments = [];
    this.#sinceMs = null;
    this.#unsampled = 0;
  }

  #speed(nowMs: number): number | null {
    this.#times.push(nowMs);
    this.#increments.push(this.#unsampled);
    this.#unsampled = 0;
    while ((this.#times[0] ?? nowMs) <= nowMs - WINDOW_MS) {
      this.#times.shift();
      this.#increments.shift();
    }
    if (this.#sinceMs === null || nowMs - this.#sinceMs < WINDOW_MS) return null;
    return windowedRate(this.#times, this.#increments, WINDOW_MS).at(-1) ?? null;
  }
}
