import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { HardwareProfileSchema, type HardwareProfile } from '#contracts/hardware';
import type { ProbeEnvironment } from '#contracts/probe-environment';
import { readHardwareProfile } from '../../../src/hardware/probe.ts';
import { fakeAdapter, fakeEnvironment } from '../../fakes/probe-environment.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

/** Reads on while virtual time passes, so that deadlines come due. */
async function probe(environment: ProbeEnvironment): Promise<HardwareProfile> {
  const { clock } = environment;
  if (!(clock instanceof VirtualClock)) throw new Error('a virtual clock is needed');
  let profile: HardwareProfile | null = null;
  const reading = readHardwareProfile(environment).then((read) => (profile = read));
  for (let turn = 0; turn < 200 && profile === null; turn += 1) {
    for (let tick = 0; tick < 20; tick += 1) await Promise.resolve();
    clock.advance(100);
  }
  const read = await reading;
  expect(v.parse(HardwareProfileSchema, read)).toEqual(read);
  expect(clock.pending).toBe(0);
  return read;
}

const NULL_PROFILE: HardwareProfile = {
  schema: 'witan.hardware-profile',
  version: 1,
  adapters: [],
  webgpu: 'unsupported',
  cores: null,
  deviceMemoryGiB: null,
  cpuPerformance: null,
  power: null,
  pressure: null,
  storage: { quotaBytes: null, usageBytes: null, persisted: null, opfs: false, indexedDb: false },
  isolated: false,
  clockStepUs: 0,
  refreshIntervalMs: null,
  features: { wasmSimd: false, jspi: false, sharedArrayBuffer: false, serviceWorker: false },
  micro: {},
  userAgent: '',
  platform: '',
};

const KEYS = Object.keys(fakeEnvironment()).filter((key) => key !== 'clock');

function environmentWhere(answer: (key: string) => unknown): ProbeEnvironment {
  const broken = Object.fromEntries(KEYS.map((key) => [key, () => answer(key)]));
  return fakeEnvironment(broken);
}

describe('readHardwareProfile', () => {
  it('reads a machine that tells everything', async () => {
    expect(await probe(fakeEnvironment())).toEqual({
      ...NULL_PROFILE,
      adapters: (['high-performance', 'low-power'] as const).map((powerPreference) => ({
        powerPreference,
        vendor: 'nvidia',
        architecture: 'ada',
        device: '',
        description: '',
        fallback: false,
        features: ['shader-f16', 'timestamp-query'],
        limits: { maxBindGroups: 4, maxBufferSize: 4_294_967_296 },
      })),
      webgpu: 'available',
      cores: 8,
      deviceMemoryGiB: 16,
      cpuPerformance: 3,
      power: { charging: false, level: 0.62 },
      pressure: 'fair',
      storage: {
        quotaBytes: 10_000_000_000,
        usageBytes: 5_000_000,
        persisted: false,
        opfs: true,
        indexedDb: true,
      },
      isolated: true,
      clockStepUs: 5,
      refreshIntervalMs: 16.667,
      features: { wasmSimd: true, jspi: true, sharedArrayBuffer: true, serviceWorker: true },
      userAgent: 'Agent/1',
      platform: 'Linux x86_64',
    });
  });

  it('gives nulls where everything is missing', async () => {
    expect(await probe(environmentWhere(() => undefined))).toEqual(NULL_PROFILE);
  });

  it('gives nulls where everything throws', async () => {
    const thrown = environmentWhere(() => {
      throw new DOMException('denied', 'SecurityError');
    });
    expect(await probe(thrown)).toEqual(NULL_PROFILE);
  });

  it('gives up on everything that never settles', async () => {
    const hanging = await probe(
      fakeEnvironment({
        requestAdapter: () => new Promise(() => undefined),
        storageEstimate: () => new Promise(() => undefined),
        persisted: () => new Promise(() => undefined),
        tryOpfs: () => new Promise(() => undefined),
        tryIndexedDb: () => new Promise(() => undefined),
        battery: () => new Promise(() => undefined),
        pressure: () => new Promise(() => undefined),
      }),
    );
    expect(hanging).toMatchObject({
      webgpu: 'no-adapter',
      adapters: [],
      storage: NULL_PROFILE.storage,
      cores: 8,
      power: null,
      pressure: null,
    });
  });

  it('survives any one reading being absent, wrong, throwing, rejecting or hanging', async () => {
    const wrong = fc.constantFrom<() => unknown>(
      () => undefined,
      () => null,
      () => 'text',
      () => Number.NaN,
      () => -1,
      () => ({}),
      () => {
        throw new Error('thrown');
      },
      () => Promise.reject(new Error('rejected')),
      () => new Promise(() => undefined),
      () => Promise.resolve({ features: 7, limits: 'none', info: null, isFallbackAdapter: 'maybe' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...KEYS), wrong, async (key, answer) => {
        // A rejection that nobody awaits would fail the test run, so it is marked as seen.
        const seen = (): unknown => {
          const value = answer();
          if (value instanceof Promise) value.catch(() => undefined);
          return value;
        };
        await probe(fakeEnvironment({ [key]: seen }));
      }),
      { numRuns: 300 },
    );
  });

  it('hides cores and memory that are 0, as private modes report them', async () => {
    expect(
      await probe(fakeEnvironment({ cores: () => 0, deviceMemoryGiB: () => 0, cpuPerformance: () => 0 })),
    ).toMatchObject({
      cores: null,
      deviceMemoryGiB: null,
      cpuPerformance: 0,
    });
  });
});

describe('power and pressure', () => {
  it.each([
    ['no battery', null, null],
    ['a level that is none', { charging: true, level: 1.5 }, { charging: true, level: null }],
    ['half a battery', { level: 0.5 }, { charging: null, level: 0.5 }],
    ['nonsense', { charging: 'yes', level: 'full' }, null],
  ])('takes what can be true of %s', async (_what, battery, power) => {
    expect(await probe(fakeEnvironment({ battery: () => Promise.resolve(battery) }))).toMatchObject({
      power,
    });
  });

  it('knows no pressure but those of the standard', async () => {
    const pressure = (): Promise<unknown> => Promise.resolve('boiling');
    expect((await probe(fakeEnvironment({ pressure }))).pressure).toBeNull();
  });
});

describe('adapters', () => {
  it('says no-adapter where both requests give nothing', async () => {
    const none = await probe(fakeEnvironment({ requestAdapter: () => Promise.resolve(null) }));
    expect(none).toMatchObject({ webgpu: 'no-adapter', adapters: [] });
  });

  it('keeps the one that answers when the other fails', async () => {
    const half = await probe(
      fakeEnvironment({
        requestAdapter: (preference) =>
          preference === 'low-power' ? Promise.resolve(fakeAdapter()) : Promise.reject(new Error('crashed')),
      }),
    );
    expect(half.webgpu).toBe('available');
    expect(half.adapters.map(({ powerPreference }) => powerPreference)).toEqual(['low-power']);
  });

  it.each([
    ['its info says so', { info: { vendor: 'x', isFallbackAdapter: true } }],
    ['it says so itself, as older browsers do', { isFallbackAdapter: true }],
    ['its name is SwiftShader', { info: { vendor: 'google', architecture: 'swiftshader' } }],
    ['its description is llvmpipe', { info: { description: 'llvmpipe (LLVM 20.1, 256 bits)' } }],
    [
      'its description is the basic render driver',
      { info: { description: 'Microsoft Basic Render Driver' } },
    ],
  ])('knows a software adapter when %s', async (_, change) => {
    const { adapters } = await probe(
      fakeEnvironment({ requestAdapter: () => Promise.resolve(fakeAdapter(change)) }),
    );
    expect(adapters.map(({ fallback }) => fallback)).toEqual([true, true]);
  });

  it('waits for an info that comes as a promise, but not for ever', async () => {
    const late = fakeAdapter({ info: Promise.resolve({ vendor: 'arm', architecture: 'valhall' }) });
    const never = fakeAdapter({ info: new Promise(() => undefined) });
    const { adapters } = await probe(
      fakeEnvironment({
        requestAdapter: (preference) => Promise.resolve(preference === 'low-power' ? never : late),
      }),
    );
    expect(adapters.map(({ vendor }) => vendor)).toEqual(['arm', '']);
    expect(adapters[1]?.limits).toEqual({ maxBindGroups: 4, maxBufferSize: 4_294_967_296 });
  });

  it('leaves out limits that throw or are no numbers', async () => {
    const limits = {
      maxBufferSize: 100,
      toString: () => 'limits',
      get maxBroken(): number {
        throw new Error('getter');
      },
    };
    const { adapters } = await probe(
      fakeEnvironment({ requestAdapter: () => Promise.resolve(fakeAdapter({ limits })) }),
    );
    expect(adapters[0]?.limits).toEqual({ maxBufferSize: 100 });
  });
});
