import * as v from 'valibot';
import { afterEach, expect, it, vi } from 'vitest';
import { failure } from '#contracts/errors';
import { MICRO_NAMES, MicroReportSchema, type MicroProgress } from '#contracts/micro-bench';
import { filesLeft, microBench, reportOf } from './micro-bench-rig.ts';

const NEVER = new AbortController().signal;
const WITHOUT_GPU = ['storageReadMBps', 'storageWriteMBps', 'wasmGflops1', 'wasmReadGBps1'];
const OF_ALL = ['wasmGflopsAll', 'wasmReadGBpsAll'];

afterEach(async () => {
  // A handle outlives its worker by some milliseconds.
  await vi.waitFor(async () => {
    expect(await filesLeft()).toEqual([]);
  });
});

it('measures processor and storage with real workers, and leaves nothing behind', async () => {
  const { bench, workers } = microBench({ threads: 2 });
  const heard: MicroProgress[] = [];
  const report = reportOf(
    await bench.run(NEVER, (progress) => {
      heard.push(progress);
    }),
  );
  expect(v.parse(MicroReportSchema, report)).toEqual(report);
  expect(Object.keys(report.figures).sort()).toEqual([...WITHOUT_GPU, ...OF_ALL].sort());
  for (const name of MICRO_NAMES) {
    const reading = report.figures[name];
    if (reading === undefined) continue;
    const { median, low, high } = reading;
    expect(low, name).toBeGreaterThan(0);
    expect(low, name).toBeLessThanOrEqual(median);
    expect(median, name).toBeLessThanOrEqual(high);
  }
  const reasons = new Set(report.skipped.map(({ reason }) => reason));
  expect([...reasons].every((reason) => reason === 'no-webgpu' || reason === 'software-adapter')).toBe(true);
  expect(report.skipped.map(({ name }) => name)).toEqual(
    MICRO_NAMES.filter((name) => name.startsWith('gpu')),
  );
  expect(report.conditions).toMatchObject({ threads: 2, isolated: true, voided: 0 });
  expect(heard.every(({ fraction }, index) => fraction >= (heard[index - 1]?.fraction ?? 0))).toBe(true);
  expect(workers.map(({ alive }) => alive)).not.toContain(true);
});

it('goes on with the other figures when the worker that stores is lost', async () => {
  const { bench, workers } = microBench({ threads: 1, hasWebGpu: false });
  const report = reportOf(
    await bench.run(NEVER, ({ name }) => {
      if (name !== 'storageWriteMBps') return;
      const storing = workers.find((worker) => worker.name === 'micro-storage');
      storing?.terminate(failure('worker-lost', { member: storing.name }));
    }),
  );
  expect(Object.keys(report.figures).sort()).toEqual(['wasmGflops1', 'wasmReadGBps1']);
  expect(report.skipped).toContainEqual({ name: 'storageWriteMBps', reason: 'lost' });
  expect(report.skipped).toContainEqual({ name: 'wasmReadGBpsAll', reason: 'no-threads' });
  // What a lost worker left is removed by the next measurement.
  await bench.run(NEVER, () => undefined);
});

it('has the figures of one thread when another is lost', async () => {
  const { bench, workers } = microBench({ threads: 2, hasWebGpu: false });
  const report = reportOf(
    await bench.run(NEVER, ({ name }) => {
      if (name !== 'wasmGflopsAll') return;
      const second = workers.find((worker) => worker.name === 'micro-wasm-1');
      second?.terminate(failure('worker-lost', { member: second.name }));
    }),
  );
  expect(Object.keys(report.figures).sort()).toEqual(WITHOUT_GPU);
  for (const name of OF_ALL) expect(report.skipped).toContainEqual({ name, reason: 'lost' });
});

it('stops at once, in the middle of whatever it does, and can run again', async () => {
  const { bench, workers } = microBench({ threads: 2, hasWebGpu: false });
  for (const stopAt of ['wasmReadGBpsAll', 'storageReadMBps'] as const) {
    const stop = new AbortController();
    const stopped = await bench.run(stop.signal, ({ name }) => {
      if (name === stopAt) stop.abort();
    });
    expect(stopped, stopAt).toEqual({ ok: false, error: failure('cancelled') });
    await vi.waitFor(() => {
      expect(workers.map(({ alive }) => alive)).not.toContain(true);
    });
  }
});
