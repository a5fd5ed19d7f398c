import { describe, expect, it } from 'vitest';
import { memoryFit } from '../../../src/capacity/memory-fit.ts';
import type { HardwareProfile } from '#contracts/hardware';
import type { ModelDemand } from '#contracts/model-fit';
import { onlyGpu, profile } from '../../fakes/hardware-profiles.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const OVERHEAD = 128 * MIB;

const demand = (weightsBytes: number, change: Partial<ModelDemand> = {}): ModelDemand => ({
  weightsBytes,
  largestFileBytes: weightsBytes,
  contextTokens: 4096,
  cacheBytes: 0,
  ...change,
});
/** A demand that comes to so many bytes with all that the engine takes. */
const needing = (bytes: number): ModelDemand => demand(bytes - OVERHEAD);

const features = (jspi: boolean): HardwareProfile['features'] => ({ ...profile({}).features, jspi });
const desktop = (deviceMemoryGiB: number | null): HardwareProfile =>
  profile({ deviceMemoryGiB, features: features(true) });
const withCard = (deviceMemoryGiB: number | null, jspi = true): HardwareProfile =>
  profile({ deviceMemoryGiB, features: features(jspi), adapters: onlyGpu({}) });

describe('beside the memory that the device tells of', () => {
  it.each([
    [2 * GIB, 'runs-well'],
    [2 * GIB + 1, 'tight'],
    [4 * GIB, 'tight'],
    [4 * GIB + 1, 'will-not-fit'],
  ])('%i of 4 GiB is: %s', (bytes, verdict) => {
    expect(memoryFit(desktop(4), needing(bytes), false)).toEqual({
      verdict,
      reason: 'memory',
      neededBytes: bytes,
      availableBytes: 4 * GIB,
    });
  });

  it('counts weights, keys and values, and what the engine takes', () => {
    const fit = memoryFit(desktop(8), demand(GIB, { cacheBytes: 500 * MIB }), false);
    expect(fit.neededBytes).toBe(GIB + 500 * MIB + 128 * MIB);
  });

  it('refuses nothing for a figure that is only a floor', () => {
    expect(memoryFit(withCard(8), needing(9 * GIB), false)).toMatchObject({ verdict: 'will-not-fit' });
    expect(memoryFit(withCard(8), needing(9 * GIB), true)).toMatchObject({ verdict: 'tight' });
  });
});

describe('where the browser does not tell of memory', () => {
  it.each([
    [GIB, 'runs-well'],
    [GIB + 1, 'tight'],
    [4 * GIB, 'tight'],
  ])('%i bytes are: %s', (bytes, verdict) => {
    expect(memoryFit(desktop(null), needing(bytes), false)).toMatchObject({
      verdict,
      reason: 'memory-untold',
      availableBytes: null,
    });
  });
});

describe('beyond what the engine holds on the processor', () => {
  it.each([
    ['without a card nothing fits', desktop(32), 'will-not-fit', 'engine-memory'],
    ['a card may have it', withCard(32), 'tight', 'card-only'],
    [
      'a card is no help where the engine cannot wait for it',
      withCard(32, false),
      'will-not-fit',
      'engine-memory',
    ],
    [
      'a software adapter is no card',
      profile({ deviceMemoryGiB: 32, features: features(true), adapters: onlyGpu({ fallback: true }) }),
      'will-not-fit',
      'engine-memory',
    ],
  ] as const)('%s', (_what, device, verdict, reason) => {
    const wanted = { ...needing(4 * GIB + 1), largestFileBytes: GIB };
    expect(memoryFit(device, wanted, false)).toMatchObject({ verdict, reason, availableBytes: 4 * GIB });
  });
});

it('refuses a file that this browser cannot load, however much memory there is', () => {
  const wanted = demand(2 * GIB + 1);
  expect(memoryFit(profile({ deviceMemoryGiB: 32 }), wanted, false)).toMatchObject({
    verdict: 'will-not-fit',
    reason: 'file-size',
    availableBytes: 2 * GIB,
  });
  const inParts = { ...wanted, largestFileBytes: GIB };
  expect(memoryFit(profile({ deviceMemoryGiB: 32 }), inParts, false)).toMatchObject({ verdict: 'runs-well' });
  expect(memoryFit(desktop(32), wanted, false)).toMatchObject({ verdict: 'runs-well' });
});

describe('a cache of an unknown size', () => {
  const unknown = (weightsBytes: number): ModelDemand => demand(weightsBytes, { cacheBytes: null });

  it('is taken to be as large as the weights before it is said to run well', () => {
    // 2 · 900 MiB and 128 MiB are below 2 GiB; 2 · 1,000 MiB are not.
    expect(memoryFit(desktop(4), unknown(900 * MIB), false)).toMatchObject({ verdict: 'runs-well' });
    expect(memoryFit(desktop(4), unknown(1_000 * MIB), false)).toMatchObject({ verdict: 'tight' });
  });

  it('is taken to be nothing before it is said not to fit', () => {
    expect(memoryFit(desktop(4), unknown(3_900 * MIB), false)).toMatchObject({
      verdict: 'tight',
      neededBytes: 4_028 * MIB,
    });
  });
});
