import * as v from 'valibot';
import { beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import {
  MICRO_NAMES,
  MicroReportSchema,
  type MicroName,
  type MicroProgress,
  type MicroReport,
} from '#contracts/micro-bench';
import { usableThreads } from '../../../src/app/micro-bench.ts';
import { MicroBenchRig, onWorkers } from '../../fakes/micro-bench-rig.ts';
import type { FakeMicroWorker } from '../../fakes/micro-bench-worker.ts';
import { settled } from '../../fakes/settled.ts';

const NEVER = new AbortController().signal;
const SKIPPED_WITHOUT_GPU = MICRO_NAMES.filter((name) => name.startsWith('gpu'));

let rig: MicroBenchRig;
beforeEach(() => {
  rig = new MicroBenchRig();
});

function reportOf(outcome: Outcome<MicroReport>): MicroReport {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  expect(v.parse(MicroReportSchema, outcome.value)).toEqual(outcome.value);
  return outcome.value;
}

describe('a measurement', () => {
  it('has all figures, and ends every worker', async () => {
    const report = reportOf(await rig.run());
    expect(Object.keys(report.figures)).toEqual(MICRO_NAMES);
    for (const name of MICRO_NAMES) expect(report.figures[name]).toMatchObject({ median: 10, stable: true });
    expect(report.skipped).toEqual([]);
    expect(report.conditions).toEqual({
      ...{ threads: 3, isolated: true, clockStepUs: 5, voided: 0, adapter: 'a card', fallback: false },
      userAgent: 'a browser',
    });
    expect(report.wallMs).toBeLessThan(10_000);
    const names = ['micro-wasm-0', 'micro-wasm-1', 'micro-wasm-2', 'micro-gpu', 'micro-storage'];
    expect(rig.workers.map(({ name }) => name)).toEqual([...names, 'micro-gpu-memory']);
    expect(rig.workers.every(({ ended }) => ended)).toBe(true);
    expect(rig.alive()).not.toContain(true);
    expect(rig.clock.pending).toBe(0);
    expect(rig.listeners.size).toBe(0);
  });

  it('never measures two things at once, but for the threads of one figure', async () => {
    const under = new Set<FakeMicroWorker>();
    const most = new Map<string, number>();
    rig.script = (worker) => {
      const sample = worker.sample.bind(worker);
      worker.sample = async (name, blocks) => {
        under.add(worker);
        most.set(name, Math.max(most.get(name) ?? 0, under.size));
        const taken = await sample(name, blocks);
        under.delete(worker);
        return taken;
      };
    };
    await rig.run();
    for (const [name, workersAtOnce] of most) expect(workersAtOnce, name).toBe(name.endsWith('All') ? 3 : 1);
  });

  it('probes the graphics memory alone, when all others have ended', async () => {
    let alive = -1;
    rig.script = onWorkers('micro-gpu-memory', () => {
      alive = rig.workers.filter(({ handle }) => handle.alive).length - 1;
    });
    await rig.run();
    expect(alive).toBe(0);
  });

  it('tells how far it is: never backwards, never more than the whole', async () => {
    const heard: MicroProgress[] = [];
    await rig.run(rig.bench(), NEVER, (progress) => heard.push(progress));
    expect(new Set(heard.map(({ name }) => name))).toEqual(new Set(MICRO_NAMES));
    heard.reduce((before, { fraction, secondsLeft }) => {
      expect(fraction).toBeGreaterThanOrEqual(before);
      expect(fraction).toBeLessThanOrEqual(1);
      expect(secondsLeft).toBeGreaterThanOrEqual(0);
      return fraction;
    }, 0);
  });

  it('takes the slowest thread for the time of all', async () => {
    rig.script = onWorkers('micro-wasm', (worker) => {
      worker.sample = (name) => {
        const late = worker.name === 'micro-wasm-2' && name.endsWith('All');
        return new Promise((resolve) => {
          rig.clock.after(30, () => {
            resolve(ok(late ? { value: 8, elapsedMs: 40 } : { value: 9, elapsedMs: 36 }));
          });
        });
      };
    });
    const { figures } = reportOf(await rig.run());
    expect([figures.wasmReadGBps1?.median, figures.wasmReadGBpsAll?.median]).toEqual([9, 8]);
  });

  it('says where it is not stable, and still ends in time', async () => {
    const random = seededRandom(3);
    rig.script = (worker) => {
      worker.value = () => 10 + 5 * random();
    };
    const report = reportOf(await rig.run());
    for (const name of MICRO_NAMES.filter((each) => each !== 'gpuMemoryMiB'))
      expect(report.figures[name]?.stable, name).toBe(false);
    expect(report.wallMs).toBeLessThan(10_000);
  });

  it('runs once at a time', async () => {
    const measured = rig.bench();
    const first = measured.run(NEVER, () => undefined);
    expect(await measured.run(NEVER, () => undefined)).toEqual(err(failure('queue-full', { limit: 1 })));
    expect((await settled(rig.clock, first)).ok).toBe(true);
    expect((await rig.run(measured)).ok).toBe(true);
  });
});

describe('what is not there', () => {
  const skips = (report: MicroReport, reason: string): MicroName[] =>
    report.skipped.filter((each) => each.reason === reason).map(({ name }) => name);

  it('starts no worker for a graphics card where there is no WebGPU', async () => {
    const report = reportOf(await rig.run(rig.bench({ hasWebGpu: false })));
    expect(skips(report, 'no-webgpu')).toEqual(SKIPPED_WITHOUT_GPU);
    expect(rig.workers.some(({ name }) => name.includes('gpu'))).toBe(false);
    expect(report.conditions.adapter).toBe('');
  });

  it('has no figures of several threads where there is one', async () => {
    const report = reportOf(await rig.run(rig.bench({ threads: 1 })));
    expect(skips(report, 'no-threads')).toEqual(['wasmReadGBpsAll', 'wasmGflopsAll']);
  });

  it('shares no memory between threads where the page is not isolated', async () => {
    const report = reportOf(await rig.run(rig.bench({ threads: 8, isolated: false })));
    expect(report.conditions).toMatchObject({ threads: 1, isolated: false });
    expect(rig.workers.filter(({ name }) => name.startsWith('micro-wasm'))).toHaveLength(1);
  });

  it('passes on what a worker skips', async () => {
    rig.script = onWorkers('micro-gpu', (worker) => {
      worker.prepares = (usual) =>
        ok({
          ...usual,
          names: usual.names.filter((name) => name !== 'gpuF16Gflops'),
          skipped: usual.names.includes('gpuF16Gflops') ? [{ name: 'gpuF16Gflops', reason: 'no-f16' }] : [],
          fallback: true,
        });
    });
    const report = reportOf(await rig.run());
    expect(report.skipped).toEqual([{ name: 'gpuF16Gflops', reason: 'no-f16' }]);
    expect(report.conditions.fallback).toBe(true);
  });

  it('skips a figure whose kernel is wrong, alone', async () => {
    rig.script = (worker) => {
      worker.value = (name) => (name === 'gpuDispatchUs' ? NaN : 10);
    };
    const report = reportOf(await rig.run());
    expect(report.skipped).toEqual([{ name: 'gpuDispatchUs', reason: 'failed' }]);
  });

  it.each([
    [null, true, 1],
    [8, false, 1],
    [8, true, 8],
    [64, true, 16],
    [2.5, true, 2],
    [NaN, true, 1],
    [0, true, 1],
  ])('%s cores, isolated %s: %d threads', (cores, isolated, threads) => {
    expect(usableThreads(cores, isolated)).toBe(threads);
  });
});

describe('a worker that dies', () => {
  const lost = failure('worker-lost', { member: 'micro' });
  const skipsOf = (report: MicroReport): Map<MicroName, string> =>
    new Map(report.skipped.map(({ name, reason }) => [name, reason]));

  it.each([
    ['micro-gpu', ['gpuReadGBps', 'gpuF32Gflops', 'gpuF16Gflops', 'gpuDispatchUs', 'gpuReadbackMs']],
    ['micro-storage', ['storageWriteMBps', 'storageReadMBps']],
    ['micro-gpu-memory', ['gpuMemoryMiB']],
    ['micro-wasm-2', ['wasmReadGBpsAll', 'wasmGflopsAll']],
  ])('(%s) costs its own figures alone', async (name, figures) => {
    rig.script = (worker) => {
      if (worker.name !== name) return;
      // At its second repetition, or where it is one of several threads.
      worker.onSample = () => {
        worker.handle.terminate(lost);
      };
    };
    const report = reportOf(await rig.run());
    expect(skipsOf(report)).toEqual(new Map(figures.map((figure) => [figure, 'lost'])));
    expect(rig.alive()).not.toContain(true);
  });

  it('while it is made ready, costs no more', async () => {
    rig.script = onWorkers('micro-gpu', (worker) => {
      if (worker.name === 'micro-gpu')
        worker.prepares = () => {
          worker.handle.terminate(lost);
          return err(lost);
        };
    });
    const report = reportOf(await rig.run());
    expect([...skipsOf(report).values()]).toEqual(Array.from({ length: 5 }, () => 'lost'));
  });

  it('that cannot be started costs no more', async () => {
    rig.script = onWorkers('micro-storage', () => {
      throw new Error('no more workers');
    });
    const report = reportOf(await rig.run());
    expect(skipsOf(report).get('storageReadMBps')).toBe('lost');
    expect(Object.keys(report.figures)).toHaveLength(MICRO_NAMES.length - 2);
  });

  it('with all others is a failure of the whole', async () => {
    rig.script = (worker) => {
      worker.onSample = () => {
        worker.handle.terminate(lost);
      };
    };
    expect(await rig.run()).toEqual(err(failure('worker-lost', { reason: 'nothing-measured' })));
  });
});
