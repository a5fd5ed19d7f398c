import { METRIC_IDS, METRICS, type MetricId, type MetricWriter } from '#contracts/metrics';

const INT32_MAX = 2_147_483_647;

/** One Int32 slot a metric, in `METRIC_IDS` order. */
export const BOARD_BYTES = METRIC_IDS.length * Int32Array.BYTES_PER_ELEMENT;

const SLOT_OF = Object.fromEntries(METRIC_IDS.map((id, slot) => [id, slot])) as Readonly<
  Record<MetricId, number>
>;

/**
 * The writing side of the metric board. Atomics work on shared and on plain memory alike, so there is one code path;
 * no call allocates. Figures that are not finite are left out: a board must not turn NaN into a measured zero.
 */
export class MetricBoard implements MetricWriter {
  readonly slots: Int32Array;

  /** @param buffer at least `BOARD_BYTES`: a SharedArrayBuffer where the page is isolated, else an ArrayBuffer */
  constructor(buffer: ArrayBufferLike) {
    this.slots = new Int32Array(buffer, 0, METRIC_IDS.length);
  }

  /** Shared memory when the page is cross-origin isolated, else null: then post `copy()` every 100 ms. */
  get shared(): SharedArrayBuffer | null {
    const { buffer } = this.slots;
    return typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer ? buffer : null;
  }

  add(id: MetricId, delta: number): void {
    const scaled = Math.round(delta * METRICS[id].scale);
    // Atomics wrap at 32 bits; the reader takes differences with `| 0`.
    if (Number.isFinite(scaled)) Atomics.add(this.slots, SLOT_OF[id], scaled | 0);
  }

  set(id: MetricId, value: number): void {
    const scaled = Math.round(value * METRICS[id].scale);
    if (!Number.isFinite(scaled)) return;
    const bounded = Math.min(INT32_MAX, Math.max(-INT32_MAX, scaled));
    if (METRICS[id].kind === 'peak') raise(this.slots, SLOT_OF[id], bounded);
    else Atomics.store(this.slots, SLOT_OF[id], bounded);
  }

  /** For pages without shared memory: the slots as they are, peaks reset as a reader would. */
  copy(): Int32Array {
    const copy = new Int32Array(METRIC_IDS.length);
    METRIC_IDS.forEach((id, slot) => {
      copy[slot] =
        METRICS[id].kind === 'peak' ? Atomics.exchange(this.slots, slot, 0) : Atomics.load(this.slots, slot);
    });
    return copy;
  }
}

/** Memory for a board: shared where the page may share it. */
export function boardMemory(isolated: boolean): ArrayBufferLike {
  return isolated && typeof SharedArrayBuffer !== 'undefined'
    ? new SharedArrayBuffer(BOARD_BYTES)
    : new ArrayBuffer(BOARD_BYTES);
}

/** Takes a posted copy over into `slots`: counters and gauges replaced, peaks raised until the reader resets them. */
export function takeCopy(slots: Int32Array, copy: Int32Array): void {
  METRIC_IDS.forEach((id, slot) => {
    const value = copy[slot];
    if (value === undefined) return;
    if (METRICS[id].kind === 'peak') raise(slots, slot, value);
    else Atomics.store(slots, slot, value);
  });
}

function raise(slots: Int32Array, slot: number, value: number): void {
  let seen = Atomics.load(slots, slot);
  while (value > seen) {
    const before = Atomics.compareExchange(slots, slot, seen, value);
    if (before === seen) return;
    seen = before;
  }
}

/** The reading side. One reader a board: it resets the peaks. */
export class BoardReader {
  readonly #slots: Int32Array;
  readonly #previous: Int32Array;

  /** Counters start from where they are now: what was counted before belongs to no interval of this reader. */
  constructor(slots: Int32Array) {
    this.#slots = slots;
    this.#previous = Int32Array.from(METRIC_IDS, (_, slot) => Atomics.load(slots, slot));
  }

  /** Values in `METRIC_IDS` order, in the metrics' units: counters as increments, gauges, peaks (0: none came). */
  read(): number[] {
    return METRIC_IDS.map((id, slot) => {
      const { kind, scale } = METRICS[id];
      if (kind === 'peak') return Atomics.exchange(this.#slots, slot, 0) / scale;
      const value = Atomics.load(this.#slots, slot);
      if (kind === 'gauge') return value / scale;
      const increment = (value - (this.#previous[slot] ?? 0)) | 0;
      this.#previous[slot] = value;
      return increment / scale;
    });
  }
}
