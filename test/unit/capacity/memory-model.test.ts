import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { median } from '#kernel/statistics-order';
import type { Estimate } from '#contracts/estimate';
import { GgufCatalogueSchema } from '#contracts/gguf-catalogue';
import { kvCacheBytes, type ModelShape } from '#contracts/model-shape';
import { batchTokens } from '../../../src/capacity/engine-buffers.ts';
import { predictMemory, type MemoryQuestion } from '../../../src/capacity/memory-model.ts';
import { cpuBatchTokens, GPU_BATCH_TOKENS } from '../../../src/contracts/prompt-batch.ts';
import {
  memoryOutcomes,
  modelShapeOf,
  questionOf,
  type RecordedAccount,
} from '../../fakes/memory-outcomes.ts';

const MIB = 2 ** 20;
const { accounts, graphics } = memoryOutcomes();
const catalogue = v.parse(
  GgufCatalogueSchema,
  JSON.parse(readFileSync('public/catalogue/gguf.json', 'utf8')),
).models;

const SHAPE = modelShapeOf({
  ...{ layers: 16, embedding: 512, feedForward: 1376, heads: 8, kvHeads: 2, headDim: 64 },
  ...{ vocabulary: 32_000, tied: true },
});
const question = (change: Partial<MemoryQuestion>): MemoryQuestion => ({
  shape: SHAPE,
  fileBytes: 60e6,
  contextTokens: 1024,
  backend: 'cpu',
  threads: 2,
  ...change,
});

const total = ({ account }: RecordedAccount): number => account.reduce((sum, bytes) => sum + bytes, 0);
/** Each buffer is told in MiB with two digits; there is one for each of weights, cache, compute and output, at least. */
const ROUNDING_BYTES = 0.02 * MIB;

describe('beside the engine’s own account', () => {
  const errors = (rows: readonly RecordedAccount[], backend: 'cpu' | 'webgpu'): readonly number[] =>
    rows.map((row) => predictMemory(questionOf(row, backend)).accounted.median / total(row) - 1);

  it.each([
    ['cpu', 70, accounts],
    ['webgpu', 8, graphics],
  ] as const)('it is within 10 %% on every shape: %s, at least %d', (backend, atLeast, rows) => {
    expect(rows.length).toBeGreaterThanOrEqual(atLeast);
    const found = errors(rows, backend).map(Math.abs);
    expect(Math.max(...found)).toBeLessThan(0.1);
    expect(median(found)).toBeLessThan(0.01);
  });

  it('knows weights and cache to the byte, but for rounding', () => {
    for (const row of accounts) {
      const { parts } = predictMemory(questionOf(row, 'cpu'));
      expect(Math.abs((parts?.weightsBytes ?? 0) - row.account[0])).toBeLessThan(ROUNDING_BYTES);
      expect(Math.abs((parts?.cacheBytes ?? 0) - row.account[1])).toBeLessThan(ROUNDING_BYTES);
    }
  });

  it('has scratch and account in their intervals, nine times of ten', () => {
    const inside = accounts.filter((row) => {
      const { accounted } = predictMemory(questionOf(row, 'cpu'));
      return accounted.low - ROUNDING_BYTES <= total(row) && total(row) <= accounted.high + ROUNDING_BYTES;
    });
    expect(inside.length / accounts.length).toBeGreaterThanOrEqual(0.9);
  });

  it('takes as many tokens at once as the worker does', () => {
    for (const { fileBytes, threads } of accounts) {
      const asked = question({ fileBytes, threads, contextTokens: 4096 });
      expect(batchTokens(asked)).toBe(cpuBatchTokens(fileBytes, threads));
    }
    expect(batchTokens(question({ backend: 'webgpu' }))).toBe(GPU_BATCH_TOKENS);
  });
});

describe('beside the WASM memory that was used', () => {
  it.each([
    ['cpu', accounts],
    ['webgpu', graphics],
  ] as const)('it is inside the interval nine times of ten, and never far above it: %s', (backend, rows) => {
    const within = rows.filter((row) => {
      const { heap } = predictMemory(questionOf(row, backend));
      expect(row.heapBytes).toBeLessThan(heap.high + 4 * MIB);
      return heap.low <= row.heapBytes && row.heapBytes <= heap.high;
    });
    expect(within.length / rows.length).toBeGreaterThanOrEqual(0.9);
  });
});

const inOrder = ({ low, median: middle, high }: Estimate): boolean => low <= middle && middle <= high;

const anyQuestion = fc
  .record({
    layers: fc.integer({ min: 1, max: 48 }),
    embedding: fc.integer({ min: 4, max: 128 }).map((blocks) => 32 * blocks),
    feedForward: fc.integer({ min: 4, max: 400 }).map((blocks) => 32 * blocks),
    kvHeads: fc.integer({ min: 1, max: 8 }),
    group: fc.integer({ min: 1, max: 8 }),
    headDim: fc.constantFrom(32, 64, 128, 256),
    vocabulary: fc.integer({ min: 512, max: 262_144 }),
    tied: fc.constantFrom(true, false, null),
    recurrent: fc.boolean(),
    window: fc.constantFrom(null, 512, 1024),
    fileBytes: fc.integer({ min: 1e6, max: 4e9 }),
    contextTokens: fc.integer({ min: 64, max: 32_768 }),
    backend: fc.constantFrom('cpu' as const, 'webgpu' as const),
    threads: fc.integer({ min: 1, max: 8 }),
    slots: fc.integer({ min: 1, max: 4 }),
  })
  .map((drawn): MemoryQuestion => {
    const { layers, kvHeads, group, tied, recurrent, window, ...rest } = drawn;
    const shape: ModelShape = {
      ...modelShapeOf({ ...rest, layers, kvHeads, heads: kvHeads * group, tied: tied === true }),
      tiedEmbeddings: tied,
      attention: {
        full: recurrent || window !== null ? Math.ceil(layers / 2) : layers,
        sliding: window !== null ? Math.floor(layers / 2) : 0,
        recurrent: recurrent && window === null ? Math.floor(layers / 2) : 0,
        windowTokens: window,
      },
    };
    const { fileBytes, contextTokens, backend, threads, slots } = drawn;
    return { shape, fileBytes, contextTokens, backend, threads, slots };
  });

describe('of any model', () => {
  it('the parts add up to the median, and all estimates are in order', () => {
    fc.assert(
      fc.property(anyQuestion, (asked) => {
        const { parts, total: whole, accounted, heap, graphics: card } = predictMemory(asked);
        const { weightsBytes = 0, cacheBytes = 0, scratchBytes = 0, engineBytes = 0 } = parts ?? {};
        const sum = weightsBytes + cacheBytes + scratchBytes + engineBytes;
        expect(sum).toBeCloseTo(whole.median, 0);
        for (const estimate of [whole, accounted, heap, card ?? heap]) expect(inOrder(estimate)).toBe(true);
        expect(card === null).toBe(asked.backend === 'cpu');
      }),
    );
  });

  it('a longer context never takes less', () => {
    fc.assert(
      fc.property(anyQuestion, fc.integer({ min: 1, max: 16_384 }), (asked, more) => {
        const before = predictMemory(asked);
        const after = predictMemory({ ...asked, contextTokens: asked.contextTokens + more });
        for (const of of ['total', 'accounted', 'heap'] as const)
          for (const bound of ['low', 'median', 'high'] as const)
            expect(after[of][bound]).toBeGreaterThanOrEqual(before[of][bound]);
      }),
    );
  });

  it('more weights take more, but for the scratch that smaller batches save', () => {
    fc.assert(
      fc.property(anyQuestion, fc.integer({ min: 1, max: 1e9 }), (asked, more) => {
        const before = predictMemory(asked);
        const after = predictMemory({ ...asked, fileBytes: asked.fileBytes + more });
        const saved = (before.parts?.scratchBytes ?? 0) - (after.parts?.scratchBytes ?? 0);
        expect(after.parts?.weightsBytes).toBeGreaterThanOrEqual(before.parts?.weightsBytes ?? 0);
        expect(after.total.median).toBeGreaterThanOrEqual(before.total.median - Math.max(0, saved) - 1);
      }),
    );
  });
});

describe('where the dimensions are not known', () => {
  it.each(catalogue.map((model) => [model.id, model] as const))(
    'the bounds hold what they would have said: %s',
    (_id, { shape, files }) => {
      const fileBytes = files.find(({ role }) => role === 'weights')?.bytes ?? 0;
      const asked = question({ shape, fileBytes, contextTokens: 4096 });
      const known = predictMemory(asked);
      const unknown = predictMemory({ ...asked, shape: { ...shape, layers: null, vocabulary: null } });
      expect(unknown.parts).toBeNull();
      for (const of of ['total', 'heap'] as const) {
        expect(unknown[of].low).toBeLessThanOrEqual(known[of].low);
        expect(unknown[of].high).toBeGreaterThanOrEqual(known[of].median);
      }
    },
  );

  it('a cache that is known nevertheless is the most it can be', () => {
    const asked = question({ shape: { ...SHAPE, feedForwardDim: null } });
    const cache = kvCacheBytes(SHAPE, 1024);
    const bounded = predictMemory({ ...asked, knownCacheBytes: cache });
    expect(bounded.accounted.high).toBeLessThan(predictMemory(asked).accounted.high);
    expect(bounded.accounted.high).toBeGreaterThan(asked.fileBytes + (cache ?? 0));
  });
});

describe('of special layers', () => {
  it('those with a window keep no more than that, a batch and padding', () => {
    const attention = { full: 4, sliding: 12, recurrent: 0, windowTokens: 512 };
    const cacheAt = (contextTokens: number): number =>
      predictMemory(question({ shape: { ...SHAPE, attention }, contextTokens })).parts?.cacheBytes ?? 0;
    const ofToken = 2 * 2 * 64 * 2;
    expect(cacheAt(512)).toBe(16 * 512 * ofToken);
    // 512 of the window and 16 of the batch, to the next multiple of 256.
    expect(cacheAt(4096)).toBe((4 * 4096 + 12 * 768) * ofToken);
  });

  it('recurrent ones have a state that does not grow', () => {
    const attention = { full: 4, sliding: 0, recurrent: 12, windowTokens: null };
    const cacheAt = (contextTokens: number): number =>
      predictMemory(question({ shape: { ...SHAPE, attention }, contextTokens })).parts?.cacheBytes ?? 0;
    expect(cacheAt(8192) - cacheAt(4096)).toBe(4 * 4096 * 2 * 2 * 64 * 2);
  });

  it('on the card a tied table of tokens lies twice', () => {
    const fileBytes = 40e6;
    const tied = predictMemory(question({ fileBytes, backend: 'webgpu' }));
    const shape = { ...SHAPE, tiedEmbeddings: false };
    const apart = predictMemory(question({ fileBytes, backend: 'webgpu', shape }));
    const table = (32_000 * 512 * 6.5625) / 8;
    expect((tied.parts?.weightsBytes ?? 0) - (apart.parts?.weightsBytes ?? 0)).toBe(table);
  });
});

describe('what earlier questions leave', () => {
  const LLAMA = modelShapeOf({
    ...{ layers: 16, embedding: 2048, feedForward: 8192, heads: 32, kvHeads: 8, headDim: 64 },
    ...{ vocabulary: 128_256, tied: true },
  });
  const of = (change: Partial<MemoryQuestion>): Estimate =>
    predictMemory(question({ shape: LLAMA, fileBytes: 807_690_656, contextTokens: 4096, ...change })).kept;

  it('is a copy of the keys and values of each: 50 of 512 tokens of 32 KiB; nothing where all begin alike', () => {
    expect(of({})).toEqual({ low: 0, median: 800 * MIB, high: 800 * MIB });
    expect(of({ backend: 'webgpu' })).toEqual(of({}));
  });

  it('is more than the interval of the memory as loaded covers', () => {
    const { total } = predictMemory(question({ shape: LLAMA, fileBytes: 807_690_656, contextTokens: 4096 }));
    expect(of({}).high).toBeGreaterThan(total.high - total.median);
  });

  it('is no longer than the context, nor than its share of one', () => {
    expect(of({ contextTokens: 256 }).high).toBe(400 * MIB);
    expect(of({ contextTokens: 1024, slots: 4 }).high).toBe(400 * MIB);
  });

  it('is copied three times of layers that do not keep all of their past', () => {
    const attention = { full: 4, sliding: 12, recurrent: 0, windowTokens: 128 };
    const ofToken = 2 * 2 * 8 * 64;
    expect(of({ shape: { ...LLAMA, attention } }).high).toBe(50 * ofToken * (4 * 512 + 3 * 12 * 128));
    const recurrent = { full: 15, sliding: 0, recurrent: 1, windowTokens: null };
    const found = of({ shape: { ...LLAMA, attention: recurrent } });
    expect(found.high).toBe(50 * (ofToken * 15 * 512 + 3 * 1024 * 2048));
    expect(found.median).toBeLessThan(found.high);
  });

  it('ends where the engine’s memory does', () => {
    const wide = { ...LLAMA, kvHeads: 32, headDim: 256 };
    const { heap, kept } = predictMemory(question({ shape: wide, fileBytes: 1e9, contextTokens: 4096 }));
    expect(kept.high).toBe(2 ** 32 - heap.low);
    expect(of({ fileBytes: 5e9 }).high).toBe(0);
  });

  it('is bounded by the whole cache where the shape is not known', () => {
    const unknown = { ...LLAMA, layers: null };
    expect(of({ shape: unknown, knownCacheBytes: 128 * MIB })).toEqual({
      low: 0,
      median: 800 * MIB,
      high: 800 * MIB,
    });
    expect(of({ shape: unknown, fileBytes: 0, contextTokens: 0 })).toEqual({ low: 0, median: 0, high: 0 });
  });
});
