import type { Clock } from '#kernel/clock';

/** What the probe asks of a WebGPU adapter. Values are unknown until checked: browsers differ and some lie. */
export interface ProbeAdapter {
  readonly features: unknown;
  readonly limits: unknown;
  /** `GPUAdapterInfo`, or the promise of one (`requestAdapterInfo` of older browsers), or undefined. */
  readonly info: unknown;
  /** `isFallbackAdapter` of older browsers; newer ones have it in `info`. */
  readonly isFallbackAdapter: unknown;
}

/**
 * The machine as a page may see it: each reading is a call of its own, which may return anything, throw, or never
 * settle. `src/platform` builds it from the real globals; `src/hardware` reads it and touches no global itself.
 */
export interface ProbeEnvironment {
  readonly clock: Clock;
  /** True where the browser has WebGPU at all. */
  hasWebGpu(): boolean;
  requestAdapter(powerPreference: 'high-performance' | 'low-power'): Promise<ProbeAdapter | null>;
  cores(): unknown;
  deviceMemoryGiB(): unknown;
  cpuPerformance(): unknown;
  /** `BatteryManager`: charging, and level 0..1; rejects where the browser has none. */
  battery(): Promise<unknown>;
  /** The newest state of Compute Pressure; settles late, or never, while there is none. */
  pressure(): Promise<unknown>;
  /** Bytes, from the browser's storage manager. */
  storageEstimate(): Promise<{ readonly quota: unknown; readonly usage: unknown }>;
  persisted(): Promise<unknown>;
  /** Creates and removes a file; rejects where there is no usable origin-private file system. */
  tryOpfs(): Promise<void>;
  /** Opens and removes a database; rejects where IndexedDB is refused (private modes). */
  tryIndexedDb(): Promise<void>;
  isolated(): unknown;
  /** `performance.now()`: the page's finest clock, milliseconds. */
  fineClockMs(): number;
  /** Milliseconds between two frames of the display, as measured so far; null while it is only assumed. */
  refreshIntervalMs(): unknown;
  wasmSimd(): unknown;
  jspi(): unknown;
  sharedArrayBuffer(): unknown;
  serviceWorker(): unknown;
  userAgent(): unknown;
  platform(): unknown;
}
