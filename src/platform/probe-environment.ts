import type { Clock } from '#kernel/clock';
import type { ProbeAdapter, ProbeEnvironment } from '#contracts/probe-environment';
import { cpuPressure } from './pressure-watch.ts';

/** The parts of WebGPU that the probe reads, as they are in browsers of different age. */
interface BrowserAdapter {
  readonly features?: unknown;
  readonly limits?: unknown;
  readonly info?: unknown;
  readonly isFallbackAdapter?: unknown;
  requestAdapterInfo?: () => Promise<unknown>;
}

interface BrowserGpu {
  requestAdapter(options: {
    powerPreference: 'high-performance' | 'low-power';
  }): Promise<BrowserAdapter | null>;
}

/** `navigator` with what is not in every browser, or in no type library yet. */
interface ProbedNavigator {
  readonly gpu?: BrowserGpu;
  readonly hardwareConcurrency?: unknown;
  readonly deviceMemory?: unknown;
  readonly cpuPerformance?: unknown;
  getBattery?: () => Promise<unknown>;
  readonly storage?: Partial<StorageManager>;
  readonly serviceWorker?: unknown;
  readonly userAgent?: unknown;
  readonly platform?: unknown;
  readonly userAgentData?: { readonly platform?: unknown };
}

const PROBE_NAME = 'witan-probe';

/** A function with `i8x16.splat` and `i8x16.popcnt` (wasm-feature-detect's `simd` module): valid only with SIMD. */
const SIMD_MODULE = Uint8Array.of(
  ...[
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98,
    11,
  ],
);

function missing(what: string): Error {
  return new Error(`${what} is missing`);
}

async function tryOpfs(storage: Partial<StorageManager> | undefined): Promise<void> {
  if (storage?.getDirectory === undefined) throw missing('the origin-private file system');
  const root = await storage.getDirectory();
  await root.getFileHandle(PROBE_NAME, { create: true });
  await root.removeEntry(PROBE_NAME);
}

function tryIndexedDb(): Promise<void> {
  return new Promise((resolve, reject) => {
    if (typeof indexedDB === 'undefined') {
      reject(missing('IndexedDB'));
      return;
    }
    const opening = indexedDB.open(PROBE_NAME);
    opening.onerror = () => {
      reject(opening.error ?? missing('IndexedDB'));
    };
    opening.onsuccess = () => {
      opening.result.close();
      const removing = indexedDB.deleteDatabase(PROBE_NAME);
      // Opening it was the proof; another tab that probes at the same moment may hold the removal up.
      removing.onsuccess =
        removing.onerror =
        removing.onblocked =
          () => {
            resolve();
          };
    };
  });
}

async function adapterOf(
  gpu: BrowserGpu,
  powerPreference: 'high-performance' | 'low-power',
): Promise<ProbeAdapter | null> {
  const adapter = await gpu.requestAdapter({ powerPreference });
  if (adapter === null) return null;
  return {
    features: adapter.features,
    limits: adapter.limits,
    info: adapter.info ?? adapter.requestAdapterInfo?.(),
    isFallbackAdapter: adapter.isFallbackAdapter,
  };
}

/**
 * The real machine, on the main thread. Nothing is read before it is asked for; everything may throw, which the probe
 * expects.
 * @param refreshIntervalMs what the frame clock has measured so far, null while it only assumes
 */
export function browserProbeEnvironment(
  clock: Clock,
  refreshIntervalMs: () => number | null,
): ProbeEnvironment {
  const browser: ProbedNavigator = navigator;
  return {
    clock,
    hasWebGpu: () => browser.gpu !== undefined,
    requestAdapter: (powerPreference) => {
      if (browser.gpu === undefined) return Promise.resolve(null);
      return adapterOf(browser.gpu, powerPreference);
    },
    cores: () => browser.hardwareConcurrency,
    deviceMemoryGiB: () => browser.deviceMemory,
    cpuPerformance: () => browser.cpuPerformance,
    battery: () => browser.getBattery?.() ?? Promise.resolve(null),
    pressure: () => cpuPressure.state(),
    storageEstimate: async () => {
      const estimate = await browser.storage?.estimate?.();
      return { quota: estimate?.quota, usage: estimate?.usage };
    },
    persisted: () => browser.storage?.persisted?.() ?? Promise.resolve(null),
    tryOpfs: () => tryOpfs(browser.storage),
    tryIndexedDb,
    isolated: () => crossOriginIsolated,
    fineClockMs: () => performance.now(),
    refreshIntervalMs,
    wasmSimd: () => WebAssembly.validate(SIMD_MODULE),
    jspi: () => 'Suspending' in WebAssembly,
    sharedArrayBuffer: () => typeof SharedArrayBuffer === 'function',
    serviceWorker: () => browser.serviceWorker !== undefined,
    userAgent: () => browser.userAgent,
    platform: () => browser.userAgentData?.platform ?? browser.platform,
  };
}
