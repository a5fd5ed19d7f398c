import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HardwareProfile } from '#contracts/hardware';
import type { FitVerdict, ModelDemand } from '#contracts/model-fit';
import { ENGINE_LIMIT_BYTES, heapFit, memoryFit } from '../../../src/capacity/memory-fit.ts';
import { onlyGpu, profile } from '../../fakes/hardware-profiles.ts';
import { modelShapeOf } from '../../fakes/memory-outcomes.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Llama 3.2 1B's dimensions; at 4,096 tokens its keys and values take 128 MiB. */
const SHAPE = modelShapeOf({
  ...{ layers: 16, embedding: 2048, feedForward: 8192, heads: 32, kvHeads: 8, headDim: 64 },
  ...{ vocabulary: 128_256, tied: true },
});
const demand = (weightsBytes: number, change: Partial<ModelDemand> = {}): ModelDemand => ({
  weightsBytes,
  largestFileBytes: Math.min(weightsBytes, GIB),
  contextTokens: 4096,
  cacheBytes: 128 * MIB,
  shape: SHAPE,
  ...change,
});
const LLAMA_1B = demand(807_690_656);

const features = (jspi: boolean): HardwareProfile['features'] => ({ ...profile({}).features, jspi });
const desktop = (deviceMemoryGiB: number | null): HardwareProfile =>
  profile({ deviceMemoryGiB, features: features(true) });
const withCard = (deviceMemoryGiB: number | null, gpuMemoryMiB?: number): HardwareProfile =>
  profile({
    deviceMemoryGiB,
    features: features(true),
    adapters: onlyGpu({}),
    micro: gpuMemoryMiB === undefined ? {} : { gpuMemoryMiB },
  });

describe('beside the memory that the device tells of', () => {
  it.each([
    [8, 'runs-well'],
    [4, 'runs-well'],
    [2, 'tight'],
    [0.5, 'will-not-fit'],
  ] as const)('a model of 1B on %d GiB: %s', (memoryGiB, verdict) => {
    const fit = memoryFit(desktop(memoryGiB), LLAMA_1B, false);
    expect(fit).toMatchObject({ verdict, reason: 'memory', availableBytes: memoryGiB * GIB });
    // Weights and cache are 891 MiB; the engine takes 80 MiB at the very least.
    expect(fit.neededBytes).toBeGreaterThan(971 * MIB);
    expect(fit.neededBytes).toBeLessThan(1.2 * GIB);
  });

  it('refuses nothing for a figure that is only a floor', () => {
    const large = demand(9 * GIB);
    expect(memoryFit(withCard(8), large, false)).toMatchObject({ verdict: 'will-not-fit', reason: 'memory' });
    expect(memoryFit(withCard(8), large, true)).toMatchObject({ verdict: 'tight', reason: 'card-only' });
  });

  it('more memory never makes it worse, and more weights never better', () => {
    const order: readonly FitVerdict[] = ['runs-well', 'tight', 'will-not-fit'];
    const rank = (weightsBytes: number, memoryGiB: number): number =>
      order.indexOf(memoryFit(desktop(memoryGiB), demand(weightsBytes), false).verdict);
    const bytes = fc.integer({ min: 1e6, max: 6 * GIB });
    // A few MiB of scratch that smaller batches save; see the memory model.
    const notable = fc.integer({ min: 64 * MIB, max: GIB });
    fc.assert(
      fc.property(bytes, notable, fc.constantFrom(0.5, 1, 2, 4, 8, 16), (weightsBytes, more, memoryGiB) => {
        expect(rank(weightsBytes, 2 * memoryGiB)).toBeLessThanOrEqual(rank(weightsBytes, memoryGiB));
        expect(rank(weightsBytes + more, memoryGiB)).toBeGreaterThanOrEqual(rank(weightsBytes, memoryGiB));
      }),
    );
  });
});

it.each([
  ['a small one runs well', demand(386_404_992), 'runs-well'],
  ['a larger one may be too much for a phone', LLAMA_1B, 'tight'],
] as const)('where the browser does not tell of memory, %s', (_what, wanted, verdict) => {
  expect(memoryFit(desktop(null), wanted, false)).toMatchObject({
    verdict,
    reason: 'memory-untold',
    availableBytes: null,
  });
});

describe('beyond what the engine holds on the processor', () => {
  const LARGE = demand(4.2 * GIB);

  it.each([
    ['without a card nothing fits', desktop(32), 'will-not-fit', 'engine-memory', 4 * GIB],
    ['a card may have it', withCard(32), 'tight', 'card-only', 4 * GIB],
    ['a card that has room for it', withCard(32, 8192), 'runs-well', 'graphics-memory', 8 * GIB],
    ['a card of which less could be taken', withCard(32, 2048), 'tight', 'graphics-memory', 2 * GIB],
    ['a roomy card in a small machine', withCard(8, 8192), 'tight', 'graphics-memory', 8 * GIB],
    [
      'a card is no help where the engine cannot wait for it',
      profile({ deviceMemoryGiB: 32, features: features(false), adapters: onlyGpu({}) }),
      'will-not-fit',
      'engine-memory',
      4 * GIB,
    ],
    [
      'a software adapter is no card',
      profile({ deviceMemoryGiB: 32, features: features(true), adapters: onlyGpu({ fallback: true }) }),
      'will-not-fit',
      'engine-memory',
      4 * GIB,
    ],
  ] as const)('%s', (_what, device, verdict, reason, availableBytes) => {
    expect(memoryFit(device, LARGE, false)).toMatchObject({ verdict, reason, availableBytes });
  });

  it('what may or may not be too much for it is tight, and that is why', () => {
    expect(memoryFit(desktop(64), demand(3.8 * GIB), false)).toMatchObject({
      verdict: 'tight',
      reason: 'engine-memory',
    });
  });

  it('a table of tokens that it cannot hold cannot be helped by a card', () => {
    const wide = { ...SHAPE, vocabulary: 1_000_000, embeddingDim: 16_384 };
    const wanted = demand(20 * GIB, { shape: wide });
    expect(memoryFit(withCard(64), wanted, false)).toMatchObject({
      verdict: 'will-not-fit',
      reason: 'engine-memory',
    });
  });
});

it('refuses a file that this browser cannot load, however much memory there is', () => {
  const wanted = demand(2 * GIB + 1, { largestFileBytes: 2 * GIB + 1 });
  expect(memoryFit(profile({ deviceMemoryGiB: 32 }), wanted, false)).toMatchObject({
    verdict: 'will-not-fit',
    reason: 'file-size',
    availableBytes: 2 * GIB,
  });
  const inParts = { ...wanted, largestFileBytes: GIB };
  expect(memoryFit(profile({ deviceMemoryGiB: 32 }), inParts, false)).toMatchObject({ verdict: 'runs-well' });
  expect(memoryFit(desktop(32), wanted, false)).toMatchObject({ verdict: 'runs-well' });
});

describe('without a shape', () => {
  const bare = (weightsBytes: number, cacheBytes: number | null): ModelDemand => ({
    weightsBytes,
    largestFileBytes: weightsBytes,
    contextTokens: 4096,
    cacheBytes,
  });

  it('a cache of an unknown size is taken to be as large as the weights before it is said to run well', () => {
    expect(memoryFit(desktop(8), bare(1.2 * GIB, null), false)).toMatchObject({ verdict: 'runs-well' });
    expect(memoryFit(desktop(8), bare(1.4 * GIB, null), false)).toMatchObject({ verdict: 'tight' });
    expect(memoryFit(desktop(8), bare(1.4 * GIB, 128 * MIB), false)).toMatchObject({ verdict: 'runs-well' });
  });

  it('and to be nothing before it is said not to fit; what is told is the least it needs', () => {
    const fit = memoryFit(desktop(4), bare(3.5 * GIB, null), false);
    expect(fit.verdict).toBe('tight');
    expect(fit.neededBytes).toBeGreaterThan(3.5 * GIB);
    expect(fit.neededBytes).toBeLessThan(3.6 * GIB);
    expect(memoryFit(desktop(4), bare(4 * GIB, null), false)).toMatchObject({ verdict: 'will-not-fit' });
  });
});

describe('WASM memory that may grow to less than the engine asks for', () => {
  const heap = { low: 190 * MIB, median: 195 * MIB, high: 200 * MIB };

  it.each([
    [211 * MIB, 'fits'],
    [209 * MIB, 'unsure'],
    [190 * MIB, 'unsure'],
    [189 * MIB, 'exceeds'],
  ] as const)('%d bytes: %s', (limitBytes, fit) => {
    expect(heapFit(heap, limitBytes)).toBe(fit);
  });

  it('can be used to the last byte at 4 GiB, of which emscripten knows', () => {
    expect(heapFit({ ...heap, high: ENGINE_LIMIT_BYTES }, ENGINE_LIMIT_BYTES)).toBe('fits');
    expect(heapFit({ ...heap, high: ENGINE_LIMIT_BYTES + 1 }, ENGINE_LIMIT_BYTES)).toBe('unsure');
  });
});
