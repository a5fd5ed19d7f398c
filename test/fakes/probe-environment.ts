import type { ProbeAdapter, ProbeEnvironment } from '#contracts/probe-environment';
import { VirtualClock } from './virtual-clock.ts';

/** A machine that answers everything, changed as given. */
export function fakeEnvironment(change: Partial<ProbeEnvironment> = {}): ProbeEnvironment {
  let nowMs = 0;
  return {
    clock: new VirtualClock(),
    hasWebGpu: () => true,
    requestAdapter: () => Promise.resolve(fakeAdapter()),
    cores: () => 8,
    deviceMemoryGiB: () => 16,
    cpuPerformance: () => 3,
    battery: () => Promise.resolve({ charging: false, level: 0.62 }),
    pressure: () => Promise.resolve('fair'),
    storageEstimate: () => Promise.resolve({ quota: 10_000_000_000, usage: 5_000_000 }),
    persisted: () => Promise.resolve(false),
    tryOpfs: () => Promise.resolve(),
    tryIndexedDb: () => Promise.resolve(),
    isolated: () => true,
    fineClockMs: () => (nowMs += 0.005),
    refreshIntervalMs: () => 16.667,
    wasmSimd: () => true,
    jspi: () => true,
    sharedArrayBuffer: () => true,
    serviceWorker: () => true,
    userAgent: () => 'Agent/1',
    platform: () => 'Linux x86_64',
    ...change,
  };
}

/** Limits as browsers have them: getters on a prototype, own keys none. */
class PrototypeLimits {
  get maxBufferSize(): number {
    return 4_294_967_296;
  }
  get maxBindGroups(): number {
    return 4;
  }
}
for (const name of ['maxBufferSize', 'maxBindGroups']) {
  const getter = Object.getOwnPropertyDescriptor(PrototypeLimits.prototype, name) ?? {};
  Object.defineProperty(PrototypeLimits.prototype, name, { ...getter, enumerable: true }); // as WebIDL attributes are
}

export function fakeAdapter(change: Partial<ProbeAdapter> = {}): ProbeAdapter {
  return {
    features: new Set(['timestamp-query', 'shader-f16']),
    limits: new PrototypeLimits(),
    info: { vendor: 'nvidia', architecture: 'ada', device: '', description: '', isFallbackAdapter: false },
    isFallbackAdapter: undefined,
    ...change,
  };
}
