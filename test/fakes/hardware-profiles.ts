import type { Adapter, HardwareProfile } from '#contracts/hardware';

/** User agents as these browsers send them. */
export const AGENTS = {
  chromeWindows:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36',
  oldChromeWindows:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
  chromeMac:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36',
  edge: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0',
  firefoxLinux: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  safariIphone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
  chromeAndroid:
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Mobile Safari/537.36',
  headless:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/147.0.0.0 Safari/537.36',
} as const;

export function adapter(change: Partial<Adapter>): Adapter {
  return {
    powerPreference: 'high-performance',
    vendor: '',
    architecture: '',
    device: '',
    description: '',
    fallback: false,
    features: ['shader-f16'],
    limits: { maxBufferSize: 4_294_967_296, maxStorageBufferBindingSize: 4_294_967_292 },
    ...change,
  };
}

/** Both power preferences returned this one GPU. */
export function onlyGpu(change: Partial<Adapter>): Adapter[] {
  return [adapter(change), adapter({ ...change, powerPreference: 'low-power' })];
}

/** A browser that tells nothing, changed as given; `webgpu` follows from the adapters unless it is given. */
export function profile(change: Partial<HardwareProfile>): HardwareProfile {
  return {
    schema: 'witan.hardware-profile',
    version: 1,
    adapters: [],
    webgpu: (change.adapters ?? []).length > 0 ? 'available' : 'unsupported',
    cores: null,
    deviceMemoryGiB: null,
    cpuPerformance: null,
    storage: { quotaBytes: null, usageBytes: null, persisted: null, opfs: false, indexedDb: false },
    isolated: false,
    clockStepUs: 100,
    refreshIntervalMs: null,
    features: { wasmSimd: true, jspi: false, sharedArrayBuffer: false, serviceWorker: true },
    micro: {},
    userAgent: '',
    platform: '',
    ...change,
  };
}
