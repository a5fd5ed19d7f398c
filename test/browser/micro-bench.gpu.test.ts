import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { MICRO_NAMES, MicroReportSchema, type MicroReport } from '#contracts/micro-bench';
import { systemClock } from '#kernel/clock';
import { readAdapters } from '../../src/hardware/adapters.ts';
import { browserProbeEnvironment } from '../../src/platform/probe-environment.ts';
import { MicroBenchHost } from '../../workers/bench/micro-bench-host.ts';
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

describe('a host whose adapter has a fault', () => {
  const { createShaderModule } = GPUDevice.prototype;
  let device: GPUDevice | null = null;
  afterEach(() => {
    GPUDevice.prototype.createShaderModule = createShaderModule;
  });

  /** The real adapter, but for what is named here. */
  const host = (change: (name: string, value: unknown) => unknown = (_, value) => value): MicroBenchHost => {
    const requestAdapter = async (options?: GPURequestAdapterOptions): Promise<GPUAdapter | null> => {
      const adapter = await navigator.gpu.requestAdapter(options);
      if (adapter === null) return null;
      return new Proxy(adapter, {
        get: (target, name) => {
          if (name !== 'requestDevice') return change(String(name), Reflect.get(target, name, target));
          return async (descriptor: GPUDeviceDescriptor) => (device = await target.requestDevice(descriptor));
        },
      });
    };
    return new MicroBenchHost({
      nowMs: () => performance.now(),
      gpu: { requestAdapter } as GPU,
      storage: undefined,
      deviceMemoryGiB: 1,
      askPatience: () => undefined,
    });
  };

  it('has no 16-bit figure without the feature, and all others', async () => {
    const worker = host((name, value) => (name === 'features' ? new Set<string>() : value));
    const prepared = await worker.prepare({ kind: 'gpu', allowFallback: true });
    expect(prepared).toMatchObject({
      ok: true,
      value: {
        names: ['gpuReadGBps', 'gpuF32Gflops', 'gpuDispatchUs', 'gpuReadbackMs'],
        skipped: [{ name: 'gpuF16Gflops', reason: 'no-f16' }],
      },
    });
    await worker.end();
  });

  it('has no figure of a kernel that computes something else, and all others', async () => {
    GPUDevice.prototype.createShaderModule = function (descriptor) {
      const code = descriptor.code
        .replace('b += memory[', 'b -= memory[')
        .replace('c = fma(c, factor, addend);', '');
      return createShaderModule.call(this, { ...descriptor, code });
    };
    const worker = host();
    const prepared = await worker.prepare({ kind: 'gpu', allowFallback: true });
    expect(prepared).toMatchObject({
      ok: true,
      value: {
        names: ['gpuDispatchUs', 'gpuReadbackMs'],
        skipped: ['gpuReadGBps', 'gpuF32Gflops', 'gpuF16Gflops'].map((name) => ({ name, reason: 'failed' })),
      },
    });
    await worker.end();
  });

  it('says that its device was lost, and not that something failed', async () => {
    const worker = host();
    await worker.prepare({ kind: 'gpu', allowFallback: true });
    expect(await worker.sample('gpuReadbackMs', 1)).toMatchObject({ ok: true });
    const under = worker.sample('gpuReadGBps', 8);
    device?.destroy();
    expect(await under).toMatchObject({ ok: false, error: { code: 'device-lost' } });
    expect(await worker.sample('gpuReadbackMs', 1)).toMatchObject({ error: { code: 'device-lost' } });
    await worker.end();
  });
});
