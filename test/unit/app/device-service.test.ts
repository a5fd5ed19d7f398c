import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { ProbeReportSchema, type ProbeReport } from '#contracts/hardware';
import type { MicroProgress, MicroReport } from '#contracts/micro-bench';
import { DeviceService } from '../../../src/app/device-service.ts';
import { DeviceStore } from '../../../src/storage/device-store.ts';
import { AGENTS } from '../../fakes/hardware-profiles.ts';
import { microReport } from '../../fakes/micro-reports.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const SIGNAL = new AbortController().signal;
const FIGURES = { gpuReadGBps: 400, wasmReadGBpsAll: 45, storageReadMBps: 900 };

/** The browser of the test: a navigator of its own, with one graphics card. */
function browse(change: Record<string, unknown> = {}, card: Record<string, unknown> = {}): void {
  vi.stubGlobal('navigator', {
    hardwareConcurrency: 8,
    deviceMemory: 16,
    userAgent: AGENTS.chromeWindows,
    gpu: {
      requestAdapter: () =>
        Promise.resolve({
          info: { vendor: 'intel', architecture: 'gen-12lp', ...card },
          features: new Set(['shader-f16']),
          limits: {},
        }),
    },
    ...change,
  });
}

type MicroBench = (
  signal: AbortSignal,
  onProgress: (progress: MicroProgress) => void,
) => Promise<Outcome<MicroReport>>;

interface Rig {
  readonly service: DeviceService;
  readonly store: DeviceStore;
}

/** @param store of an earlier visit, where it goes on */
function rig(
  microBench: MicroBench = () => Promise.resolve(ok(microReport(FIGURES))),
  store = new DeviceStore(null),
): Rig {
  const service = new DeviceService({
    clock: new VirtualClock(),
    refreshIntervalMs: () => 16.7,
    store: () => Promise.resolve(store),
    microBench,
  });
  return { service, store };
}

async function reportOf(outcome: Promise<Outcome<ProbeReport>>): Promise<ProbeReport> {
  const settled = await outcome;
  if (!settled.ok) throw new Error(settled.error.code);
  expect(v.parse(ProbeReportSchema, settled.value)).toEqual(settled.value);
  return settled.value;
}

const measure = (service: DeviceService): Promise<Outcome<ProbeReport>> =>
  service.measure(SIGNAL, () => undefined);

beforeEach(() => {
  browse();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('probe', () => {
  it('reads the device, and measures nothing', async () => {
    const report = await reportOf(
      rig(() => Promise.reject(new Error('not asked for'))).service.probe(SIGNAL),
    );
    expect(report).toMatchObject({
      tier: 'mid',
      measured: null,
      override: null,
      profile: { cores: 8, micro: {} },
    });
  });

  it('reads once for all who ask at the same time', async () => {
    const { service } = rig();
    const [one, other] = await Promise.all([service.probe(SIGNAL), service.probe(SIGNAL)]);
    expect(one.ok && other.ok && one.value === other.value).toBe(true);
  });

  it('works without what keeps', async () => {
    const service = new DeviceService({
      clock: new VirtualClock(),
      refreshIntervalMs: () => null,
      store: () => Promise.reject(new Error('its code could not be fetched')),
      microBench: () => Promise.resolve(ok(microReport(FIGURES))),
    });
    expect((await reportOf(service.probe(SIGNAL))).tier).toBe('mid');
    expect(await service.setTier('low')).toMatchObject({ error: { code: 'storage-failed' } });
    expect((await measure(service)).ok).toBe(true);
  });

  it('says that it was cancelled', async () => {
    expect(await rig().service.probe(AbortSignal.abort())).toMatchObject({ error: { code: 'cancelled' } });
  });
});

describe('measure', () => {
  it('keeps what was found and reports it, now and on the next visit', async () => {
    const { service, store } = rig();
    const report = await reportOf(measure(service));
    expect(report.profile.micro).toEqual(FIGURES);
    expect(report.measured).toEqual(microReport(FIGURES));
    expect(report.reasons.map(({ input }) => input)).toContain('measured-gpu');
    const next = await reportOf(rig(undefined, store).service.probe(SIGNAL));
    expect(next.profile.micro).toEqual(FIGURES);
    expect(next.measured).toEqual(microReport(FIGURES));
  });

  it.each([
    ['browser version', { userAgent: AGENTS.oldChromeWindows }, {}],
    ['browser', { userAgent: AGENTS.firefoxLinux }, {}],
    ['count of cores', { hardwareConcurrency: 16 }, {}],
    ['graphics card', {}, { vendor: 'nvidia', architecture: 'ampere' }],
  ])('does not use what was measured on another %s', async (_what, change, card) => {
    const { service, store } = rig();
    await reportOf(measure(service));
    browse(change, card);
    const report = await reportOf(rig(undefined, store).service.probe(SIGNAL));
    expect(report).toMatchObject({ measured: null, profile: { micro: {} } });
    // Pulled out and put in again: it holds once more.
    browse();
    expect((await reportOf(rig(undefined, store).service.probe(SIGNAL))).measured).not.toBeNull();
  });

  it('takes no figure of a software adapter for a graphics card, but those of the processor', async () => {
    const fallback = microReport(FIGURES, { fallback: true });
    const report = await reportOf(measure(rig(() => Promise.resolve(ok(fallback))).service));
    expect(report.profile.micro).toEqual({ wasmReadGBpsAll: 45, storageReadMBps: 900 });
    expect(report.measured).toEqual(fallback);
  });

  it('says of a disturbed figure that it was', async () => {
    const shaky = microReport(FIGURES, { unstable: ['gpuReadGBps'] });
    const report = await reportOf(measure(rig(() => Promise.resolve(ok(shaky))).service));
    expect(report.reasons.find(({ input }) => input === 'measured-gpu')?.explanation).toContain('disturbed');
    expect(report.reasons.find(({ input }) => input === 'measured-cpu')?.explanation).not.toContain(
      'disturbed',
    );
  });

  it('is one at a time, and free again after a failure', async () => {
    const outcomes: ((outcome: Outcome<MicroReport>) => void)[] = [];
    const { service } = rig(() => new Promise((resolve) => outcomes.push(resolve)));
    const first = measure(service);
    expect(await measure(service)).toMatchObject({ error: { code: 'queue-full' } });
    await vi.waitFor(() => {
      expect(outcomes).toHaveLength(1);
    });
    expect(await measure(service)).toMatchObject({ error: { code: 'queue-full' } });
    outcomes[0]?.(err(failure('benchmark-void')));
    expect(await first).toMatchObject({ error: { code: 'benchmark-void' } });
    const again = measure(service);
    await vi.waitFor(() => {
      expect(outcomes).toHaveLength(2);
    });
    outcomes[1]?.(ok(microReport(FIGURES)));
    expect((await reportOf(again)).measured).not.toBeNull();
  });

  it('hands its progress and its signal on, and keeps nothing of a failure', async () => {
    const stop = new AbortController();
    const seen: MicroProgress[] = [];
    const { service, store } = rig((signal, onProgress) => {
      onProgress({ name: 'gpuReadGBps', fraction: 0.5, secondsLeft: 4 });
      stop.abort();
      return Promise.resolve(signal.aborted ? err(failure('cancelled')) : ok(microReport(FIGURES)));
    });
    const outcome = await service.measure(stop.signal, (progress) => seen.push(progress));
    expect(outcome).toMatchObject({ error: { code: 'cancelled' } });
    expect(seen).toEqual([{ name: 'gpuReadGBps', fraction: 0.5, secondsLeft: 4 }]);
    expect(await store.measurement()).toBeNull();
  });

  it('does not begin where it was cancelled before', async () => {
    const { service } = rig(() => Promise.reject(new Error('begun')));
    const outcome = await service.measure(AbortSignal.abort(), () => undefined);
    expect(outcome).toMatchObject({ error: { code: 'cancelled' } });
  });

  it('says so where its code cannot be fetched', async () => {
    const { service } = rig(() => Promise.reject(new TypeError('failed to fetch')));
    expect(await measure(service)).toMatchObject({ error: { code: 'engine-unavailable' } });
    expect((await service.probe(SIGNAL)).ok).toBe(true);
  });
});

describe('the user and the last visit', () => {
  it('takes the tier from the user until they take it back, and shows what was read', async () => {
    const { service, store } = rig();
    expect(await service.setTier('high')).toEqual({ ok: true, value: null });
    const set = await reportOf(service.probe(SIGNAL));
    expect(set).toMatchObject({ tier: 'high', override: 'high', confidence: 1 });
    expect(set.reasons[0]).toMatchObject({ input: 'override', value: 'high', weight: 1 });
    expect(set.reasons.map(({ input }) => input)).toEqual(['override', 'gpu', 'cores', 'memory']);
    expect((await reportOf(rig(undefined, store).service.probe(SIGNAL))).override).toBe('high');
    await service.setTier(null);
    expect(await reportOf(service.probe(SIGNAL))).toMatchObject({ tier: 'mid', override: null });
  });

  it('remembers the tier of its own judgement, not that of the user', async () => {
    const { service, store } = rig();
    await service.setTier('high');
    await reportOf(service.probe(SIGNAL));
    expect((await store.visit())?.tier).toBe('mid');
  });

  it('keeps the tier of the last visit where today is beside a cut', async () => {
    const near = microReport({ gpuReadGBps: 560, wasmReadGBpsAll: 60 });
    const { service, store } = rig(() => Promise.resolve(ok(near)));
    const fresh = await reportOf(measure(service));
    const visit = await store.visit();
    expect([fresh.tier, visit?.tier]).toEqual(['mid', 'mid']);
    await store.keepVisit({ machine: visit?.machine ?? '', tier: 'high' });
    const held = await reportOf(rig(undefined, store).service.probe(SIGNAL));
    expect(held.tier).toBe('high');
    expect(held.reasons.at(-1)?.input).toBe('last-visit');
    expect((await store.visit())?.tier).toBe('high');
  });
});
