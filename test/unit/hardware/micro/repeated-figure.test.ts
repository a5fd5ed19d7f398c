import { expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type ErrorCode, type Outcome } from '#contracts/errors';
import type { MicroName, MicroSample } from '#contracts/micro-bench';
import { RepeatedFigure } from '../../../../src/hardware/micro/repeated-figure.ts';

/** A machine on which a block takes so long; the first runs are slower by these factors. */
function scripted(
  name: MicroName,
  blockMs: number,
  slower: readonly number[] = [],
  clockStepUs = 5,
): { readonly figure: RepeatedFigure; readonly blocks: number[] } {
  const blocks: number[] = [];
  const sample = (count: number): Promise<Outcome<MicroSample>> => {
    const elapsedMs = count * blockMs * (slower[blocks.length] ?? 1);
    blocks.push(count);
    return Promise.resolve(ok({ value: count / elapsedMs, elapsedMs }));
  };
  return { figure: new RepeatedFigure({ name, sample }, clockStepUs), blocks };
}

it('finds how much work takes long enough, then runs until three agree', async () => {
  const { figure, blocks } = scripted('wasmReadGBps1', 0.1);
  expect(await figure.warmUp()).toEqual(ok(null));
  const last = blocks.at(-1) ?? 0;
  expect(last * 0.1).toBeGreaterThanOrEqual(25);
  expect(last * 0.1).toBeLessThan(40);
  expect(blocks.slice(-3)).toEqual([last, last, last]);
  expect(figure.measured).toBe(false);
});

it('is not misled by a first run that compiles', async () => {
  const { figure, blocks } = scripted('gpuF32Gflops', 0.1, [1000, 1]);
  await figure.warmUp();
  await figure.repeat(true);
  expect((blocks.at(-1) ?? 0) * 0.1).toBeGreaterThanOrEqual(25);
});

it('takes longer samples on a coarse clock: 200 of its steps', async () => {
  const { figure, blocks } = scripted('wasmGflops1', 0.1, [], 1000);
  await figure.warmUp();
  expect((blocks.at(-1) ?? 0) * 0.1).toBeGreaterThanOrEqual(200);
});

it('ends warming up in time on a machine that never settles', async () => {
  const { figure, blocks } = scripted('gpuReadGBps', 60, [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
  await figure.warmUp();
  expect(blocks.length).toBeLessThanOrEqual(3);
});

it('asks the storage for the same work always', async () => {
  const { figure, blocks } = scripted('storageWriteMBps', 0.001);
  await figure.warmUp();
  await figure.repeat(true);
  expect(new Set(blocks)).toEqual(new Set([1]));
});

it('does not warm up what is taken once', async () => {
  const { figure, blocks } = scripted('gpuMemoryMiB', 100);
  await figure.warmUp();
  await figure.leadIn();
  expect(blocks).toEqual([]);
  await figure.repeat(true);
  expect(figure.stable).toBe(false);
  await figure.repeat(true);
  expect(figure.reading()).toMatchObject({ samples: [0.01, 0.01], stable: true });
});

it('counts neither warm-up nor lead-in', async () => {
  const { figure, blocks } = scripted('wasmReadGBps1', 30);
  await figure.warmUp();
  await figure.leadIn();
  expect(figure.reading()).toBeNull();
  const before = blocks.length;
  await figure.repeat(true);
  await figure.repeat(false);
  expect(blocks.length - before).toBe(2);
  expect(figure.reading()?.samples).toHaveLength(2);
});

it.each([
  [30, 1],
  [250, 0],
])('of %d ms needs %d runs that wake up what lay idle', async (blockMs, runs) => {
  const { figure, blocks } = scripted('storageWriteMBps', blockMs);
  await figure.warmUp();
  const before = blocks.length;
  await figure.leadIn();
  expect(blocks.length - before).toBe(runs);
});

const failing = (code: ErrorCode): RepeatedFigure =>
  new RepeatedFigure({ name: 'gpuReadGBps', sample: () => Promise.resolve(err(failure(code))) }, 5);

it.each([
  ['worker-lost', 'lost'],
  ['device-lost', 'lost'],
  ['deadline-exceeded', 'lost'],
  ['internal', 'failed'],
  ['out-of-memory', 'failed'],
] as const)('is skipped after %s, as %s, and asks no more', async (code, reason) => {
  const figure = failing(code);
  expect(await figure.repeat(true)).toEqual(ok(null));
  expect(figure.skipped).toBe(reason);
  expect(await figure.warmUp()).toEqual(ok(null));
  expect(figure.reading()).toBeNull();
});

it.each(['cancelled', 'benchmark-void'] as const)('ends everything after %s', async (code) => {
  const figure = failing(code);
  for (const outcome of [await figure.warmUp(), await figure.leadIn(), await figure.repeat(true)])
    expect(outcome).toEqual(err(failure(code)));
  expect(figure.skipped).toBeNull();
});

it('gives no reading of what was lost after some repetitions', async () => {
  let runs = 0;
  const sample = (): Promise<Outcome<MicroSample>> => {
    runs += 1;
    return Promise.resolve(runs > 3 ? err(failure('device-lost')) : ok({ value: 1, elapsedMs: 30 }));
  };
  const figure = new RepeatedFigure({ name: 'gpuReadGBps', sample }, 5);
  for (let run = 0; run < 5; run += 1) await figure.repeat(run === 0);
  expect(figure.reading()).toBeNull();
});
