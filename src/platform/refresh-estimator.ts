/** Assumed until measured: the commonest display. */
const ASSUMED_MS = 1000 / 60;
/** 500 Hz displays exist; below 20 Hz it is load and not a display. */
const SHORTEST_MS = 2;
const LONGEST_MS = 50;
/** The first reading comes early (a third of a second at 60 Hz), the later ones are steadier. */
const FIRST_WINDOW_FRAMES = 20;
const WINDOW_FRAMES = 60;
/** Readings remembered. The estimate may only rise after this many windows without a shorter one: 30 s at 60 Hz. */
const REMEMBERED_WINDOWS = 30;
/** Intervals this much apart are of different modes: neighbouring multiples of a refresh differ by a third or more. */
const MODE_SPREAD = 0.25;
/** Share of the window that the shortest mode must have to be believed. */
const LOW_QUANTILE = 0.1;

/**
 * Estimates the display's refresh interval from the intervals between animation frames. Load makes frames last several
 * refreshes, never fewer, so the estimate is the shortest mode that is stable:
 * - a frame is evidence only if it and the one before it are alike (the short frame after a long one is catching up);
 * - a window's reading is the median of the mode around the evidence's tenth percentile;
 * - the estimate is the smallest of the last 30 readings: it falls at once, and rises slowly and never under load.
 * Allocates nothing while running.
 */
export class RefreshEstimator {
  readonly #sorted = new Float64Array(WINDOW_FRAMES);
  readonly #readings = new Float64Array(REMEMBERED_WINDOWS);
  #evidence = 0;
  #frames = 0;
  #previousMs: number | null = null;
  #readingCount = 0;
  #intervalMs = ASSUMED_MS;
  #busy = false;

  /** Milliseconds between two refreshes of the display. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** False while the interval is only assumed. */
  get measured(): boolean {
    return this.#readingCount > 0;
  }

  /** While busy the estimate may fall but not rise. */
  setBusy(busy: boolean): void {
    this.#busy = busy;
  }

  /** The next interval follows a gap and not the interval before it. */
  breakOff(): void {
    this.#previousMs = null;
  }

  add(intervalMs: number): void {
    const previousMs = this.#previousMs;
    this.#previousMs = intervalMs;
    this.#frames += 1;
    if (previousMs !== null && alike(previousMs, intervalMs)) this.#insert((previousMs + intervalMs) / 2);
    if (this.#frames < (this.measured ? WINDOW_FRAMES : FIRST_WINDOW_FRAMES)) return;
    if (this.#evidence >= this.#frames * LOW_QUANTILE) this.#take(this.#reading());
    this.#frames = 0;
    this.#evidence = 0;
  }

  #insert(value: number): void {
    let at = this.#evidence;
    while (at > 0 && (this.#sorted[at - 1] ?? 0) > value) {
      this.#sorted[at] = this.#sorted[at - 1] ?? 0;
      at -= 1;
    }
    this.#sorted[at] = value;
    this.#evidence += 1;
  }

  #reading(): number {
    const from = Math.floor((this.#evidence - 1) * LOW_QUANTILE);
    const low = this.#sorted[from] ?? ASSUMED_MS;
    let end = from;
    while (end < this.#evidence && alike(low, this.#sorted[end] ?? 0)) end += 1;
    let start = from;
    while (start > 0 && alike(low, this.#sorted[start - 1] ?? 0)) start -= 1;
    return this.#sorted[(start + end - 1) >> 1] ?? low;
  }

  #take(readingMs: number): void {
    const bounded = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, readingMs));
    if (this.#busy && this.measured && bounded > this.#intervalMs) return;
    this.#readings[this.#readingCount % REMEMBERED_WINDOWS] = bounded;
    this.#readingCount += 1;
    let smallest = bounded;
    for (let i = 0; i < Math.min(this.#readingCount, REMEMBERED_WINDOWS); i += 1)
      smallest = Math.min(smallest, this.#readings[i] ?? bounded);
    this.#intervalMs = smallest;
  }
}

function alike(a: number, b: number): boolean {
  return Math.abs(a - b) <= MODE_SPREAD * Math.min(a, b);
}
