import { beforeEach, describe, expect, it } from 'vitest';
import type { MicroName, MicroPart } from '#contracts/micro-bench';
import { MicroBenchHost, type MicroBenchHostPorts } from '../../../../workers/bench/micro-bench-host.ts';

/** Quick enough for a test: the working set of a machine with little memory. */
const LITTLE_MEMORY_GIB = 1;

let patience: (number | null)[];
let nowMs: number;

beforeEach(() => {
  patience = [];
  nowMs = 0;
});

const host = (ports: Partial<MicroBenchHostPorts> = {}): MicroBenchHost =>
  new MicroBenchHost({
    // A clock that stands still would never show its step.
    nowMs: () => (nowMs += 0.01),
    gpu: undefined,
    storage: undefined,
    deviceMemoryGiB: LITTLE_MEMORY_GIB,
    askPatience: (silenceAllowedMs) => {
      patience.push(silenceAllowedMs);
    },
    ...ports,
  });

const ONE_THREAD: MicroPart = { kind: 'wasm', threads: 1, index: 0, memory: null };

const gpuOf = (info: object): GPU =>
  ({ requestAdapter: () => Promise.resolve({ info, features: new Set(), limits: {} }) }) as unknown as GPU;

describe('one thread', () => {
  it('reads and multiplies', async () => {
    const worker = host();
    const prepared = await worker.prepare(ONE_THREAD);
    expect(prepared).toMatchObject({
      ok: true,
      value: { names: ['wasmReadGBps1', 'wasmGflops1'], skipped: [], memory: null, adapter: '' },
    });
    for (const name of ['wasmReadGBps1', 'wasmGflops1'] as const) {
      const few = await worker.sample(name, 1);
      const many = await worker.sample(name, 4);
      if (!few.ok || !many.ok) throw new Error('no sample');
      // The clock moves on by the same step: four times the work is four times as fast.
      expect(many.value.value / few.value.value).toBeCloseTo(4, 6);
    }
    expect(await worker.end()).toEqual({ ok: true, value: null });
    // Threads compute for milliseconds: they need none.
    expect(patience).toEqual([]);
  });
});

describe('what is not there', () => {
  it.each([
    ['gpu', 'no-webgpu', undefined, 5],
    ['gpu-memory', 'no-webgpu', undefined, 1],
    ['gpu', 'software-adapter', gpuOf({ vendor: 'google', architecture: 'swiftshader' }), 5],
    ['gpu-memory', 'software-adapter', gpuOf({ vendor: 'x', isFallbackAdapter: true }), 1],
    ['gpu', 'software-adapter', gpuOf({ description: 'llvmpipe (LLVM 15)' }), 5],
  ] as const)('is skipped: %s, %s', async (kind, reason, gpu, figures) => {
    const worker = host({ gpu });
    const prepared = await worker.prepare({ kind, allowFallback: false });
    if (!prepared.ok) throw new Error('not prepared');
    expect(prepared.value.names).toEqual([]);
    expect(prepared.value.skipped.map((each) => each.reason)).toEqual(
      Array.from({ length: figures }, () => reason),
    );
    expect(prepared.value.fallback).toBe(reason === 'software-adapter');
    expect(await worker.end()).toEqual({ ok: true, value: null });
  });

  it('is skipped: storage', async () => {
    const prepared = await host().prepare({ kind: 'storage' });
    expect(prepared).toMatchObject({
      ok: true,
      value: {
        skipped: [
          { name: 'storageWriteMBps', reason: 'no-storage' },
          { name: 'storageReadMBps', reason: 'no-storage' },
        ],
      },
    });
    expect(patience).toEqual([10_000]);
  });
});

describe('a failure', () => {
  it('of an adapter is a value', async () => {
    const gpu = { requestAdapter: () => Promise.reject(new Error('driver')) } as unknown as GPU;
    const prepared = await host({ gpu }).prepare({ kind: 'gpu', allowFallback: false });
    expect(prepared).toMatchObject({ ok: false, error: { code: 'internal', cause: 'Error: driver' } });
  });

  it.each<MicroName>(['gpuReadGBps', 'wasmReadGBps1'])(
    'is a sample of what was not prepared (%s)',
    async (name) => {
      expect(await host().sample(name, 1)).toMatchObject({ ok: false, error: { code: 'internal' } });
    },
  );

  it('is the end of what could not be prepared, as a value', async () => {
    const gpu = { requestAdapter: () => Promise.reject(new Error('driver')) } as unknown as GPU;
    const worker = host({ gpu });
    await worker.prepare({ kind: 'gpu', allowFallback: false });
    expect(await worker.end()).toMatchObject({ ok: false });
    expect(await worker.end()).toEqual({ ok: true, value: null });
  });
});
