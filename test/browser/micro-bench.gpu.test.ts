import * as v from 'valibot';
import { expect, it } from 'vitest';
import { MICRO_NAMES, MicroReportSchema, type MicroReport } from '#contracts/micro-bench';
import { systemClock } from '#kernel/clock';
import { readAdapters } from '../../src/hardware/adapters.ts';
import { browserProbeEnvironment } from '../../src/platform/probe-environment.ts';
import { microBench, reportOf } from './micro-bench-rig.ts';

const NEVER = new AbortController().signal;
const GPU = ['gpuReadGBps', 'gpuF32Gflops', 'gpuF16Gflops', 'gpuDispatchUs', 'gpuReadbackMs', 'gpuMemoryMiB'];

const gpuSkips = ({ skipped }: MicroReport): MicroReport['skipped'] =>
  skipped.filter(({ name }) => GPU.includes(name));

it('proves every kernel on a real adapter and measures with it', async () => {
  const { bench, workers } = microBench({ threads: 1, allowFallback: true });
  const report = reportOf(await bench.run(NEVER, () => undefined));
  expect(v.parse(MicroReportSchema, report)).toEqual(report);
  // A kernel that computes something else would be among them, as failed.
  console.log(JSON.stringify(report, (k, x) => (k === 'samples' ? x.length : x), 1));
  expect(gpuSkips(report)).toEqual([]);
  for (const name of GPU) expect(report.figures, name).toHaveProperty(name);
  for (const name of MICRO_NAMES) expect(report.figures[name]?.low ?? 1, name).toBeGreaterThan(0);
  const [adapter] = await readAdapters(browserProbeEnvironment(systemClock, () => null));
  expect(report.conditions.fallback).toBe(adapter?.fallback);
  expect(report.conditions.adapter).not.toBe('');
  expect(workers.map(({ alive }) => alive)).not.toContain(true);
});

it('measures no software adapter as if it were a graphics card', async () => {
  const [adapter] = await readAdapters(browserProbeEnvironment(systemClock, () => null));
  if (adapter?.fallback !== true) return;
  const { bench } = microBench({ threads: 1 });
  const report = reportOf(await bench.run(NEVER, () => undefined));
  expect(gpuSkips(report)).toEqual(
    ['gpuReadGBps', 'gpuF32Gflops', 'gpuF16Gflops', 'gpuDispatchUs', 'gpuReadbackMs', 'gpuMemoryMiB'].map(
      (name) => ({ name, reason: 'software-adapter' }),
    ),
  );
  expect(report.conditions).toMatchObject({ fallback: true });
});
