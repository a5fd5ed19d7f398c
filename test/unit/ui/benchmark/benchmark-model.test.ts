import { describe, expect, it } from 'vitest';
import { err } from '#kernel/result';
import { failure } from '#contracts/errors';
import { BenchmarkModel, benchmarkModel } from '../../../../src/ui/benchmark/benchmark-model.svelte.ts';
import { benchResult } from '../../../fakes/port-data.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

async function pass(clock: VirtualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 40) {
    clock.advance(40);
    await settle();
  }
}

describe('BenchmarkModel', () => {
  it('recalls the latest result with its link', async () => {
    const model = new BenchmarkModel(new FakePorts(new VirtualClock(), { latest: benchResult() }).bench);
    await settle();
    expect(model.result?.tests).toHaveLength(9);
    expect(model.link).toContain('#b1.');
  });

  it('runs with progress and keeps the result', async () => {
    const clock = new VirtualClock();
    const model = new BenchmarkModel(new FakePorts(clock).bench);
    const run = model.run();
    await settle();
    expect(model.progress?.total).toBe(54);
    await pass(clock, 54 * 40);
    await run;
    expect(model.running).toBe(false);
    expect(model.result).not.toBeNull();
  });

  it('stops when asked, says so, and keeps what was there', async () => {
    const clock = new VirtualClock();
    const model = new BenchmarkModel(new FakePorts(clock, { latest: benchResult() }).bench);
    await settle();
    const run = model.run();
    await pass(clock, 200);
    model.stop();
    await pass(clock, 80);
    await run;
    expect(model.problem?.code).toBe('cancelled');
    expect(model.result).not.toBeNull();
  });

  it('compares a shared result with its own, and explains a damaged link', async () => {
    const ports = new FakePorts(new VirtualClock(), {
      latest: benchResult(),
      shared: { ok: true, value: benchResult(2) },
    });
    const model = new BenchmarkModel(ports.bench);
    await settle();
    await model.open('#b1.abc');
    expect(model.comparison?.every((row) => row.verdict === 'slower')).toBe(true);
    ports.script = { ...ports.script, shared: err(failure('link-checksum-mismatch')) };
    await model.open('#b1.abd');
    expect(model.shared).toBeNull();
    expect(model.sharedProblem?.code).toBe('link-checksum-mismatch');
    expect(model.comparison).toBeNull();
    await model.open(null);
    expect(model.sharedProblem).toBeNull();
  });

  it('is one for the whole app, so that a run survives a change of page', () => {
    const ports = new FakePorts(new VirtualClock());
    expect(benchmarkModel(ports)).toBe(benchmarkModel(ports));
  });
});
