import { beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { MicroName, MicroSample } from '#contracts/micro-bench';
import { RepeatedFigure } from '../../../../src/hardware/micro/repeated-figure.ts';
import { measureInTurn } from '../../../../src/hardware/micro/schedule.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;
const SAMPLE_MS = 30;

let clock: VirtualClock;
/** Samples in the order they were taken. */
let taken: MicroName[];

beforeEach(() => {
  clock = new VirtualClock();
  taken = [];
});

/** @param value of the sample with this number. @param sampleMs how long each takes */
function figure(
  name: MicroName,
  value: (run: number) => number | WitanFailure = () => 1,
  sampleMs = SAMPLE_MS,
): RepeatedFigure {
  let run = 0;
  const sample = (): Promise<Outcome<MicroSample>> => {
    taken.push(name);
    clock.advance(sampleMs);
    const found = value(run);
    run += 1;
    return Promise.resolve(
      typeof found === 'number' ? ok({ value: found, elapsedMs: sampleMs }) : err(found),
    );
  };
  return new RepeatedFigure({ name, sample }, 5);
}

const measure = (
  stations: readonly (readonly RepeatedFigure[])[],
  untilMs = 60_000,
  signal = NEVER,
  onFigure: (name: MicroName) => void = () => undefined,
): Promise<Outcome<null>> =>
  measureInTurn(signal, stations, { spentMs: () => clock.nowMs(), untilMs }, onFigure);

describe('repetitions in turn', () => {
  it('visits the stations again and again, and repeats their figures in turn', async () => {
    const stations = [[figure('wasmReadGBps1'), figure('wasmGflops1')], [figure('gpuReadGBps')]];
    expect(await measure(stations)).toEqual(ok(null));
    const [read, multiply, gpu] = ['wasmReadGBps1', 'wasmGflops1', 'gpuReadGBps'] as const;
    const warmUp = [read, read, read, multiply, multiply, multiply, gpu, gpu, gpu];
    const visit = [
      ...[read, read, multiply, multiply, read, multiply, read, multiply, read, multiply],
      ...[gpu, gpu, gpu, gpu, gpu],
    ];
    expect(taken).toEqual([...warmUp, ...visit, ...visit, ...visit, ...visit]);
    for (const each of stations.flat()) expect(each.reading()).toMatchObject({ stable: true });
  });

  it('goes on with what is not stable alone, as long as there is time', async () => {
    const wild = figure('gpuReadGBps', (run) => 1 + (run % 7));
    const calm = figure('wasmReadGBps1');
    await measure([[calm, wild]], 5_000);
    expect(calm.reading()?.samples).toHaveLength(16);
    expect(wild.reading()?.samples.length).toBeGreaterThan(32);
    expect(wild.reading()?.stable).toBe(false);
    // The last visit may have begun just before.
    expect(clock.nowMs()).toBeLessThan(5_000 + 2 * SAMPLE_MS);
  });

  it('gives up in the end on what will never be stable', async () => {
    await measure([[figure('gpuReadGBps', (run) => 1 + (run % 7))]]);
    expect(taken.length).toBeLessThan(100);
  });

  it('says something of every figure when there is no time at all, and then ends', async () => {
    const slow = [figure('gpuReadGBps', undefined, 2_000), figure('gpuF32Gflops', undefined, 2_000)];
    expect(await measure([slow, [figure('storageReadMBps')]], 1_000)).toEqual(ok(null));
    for (const each of slow) expect(each.reading()?.samples).toHaveLength(1);
    expect(taken.filter((name) => name === 'storageReadMBps').length).toBeLessThan(6);
  });
});

describe('faults', () => {
  it('goes on without a figure that is lost', async () => {
    const lost = figure('gpuReadGBps', (run) => (run < 6 ? 1 : failure('device-lost')));
    const other = figure('wasmReadGBps1');
    expect(await measure([[lost], [other]])).toEqual(ok(null));
    expect([lost.skipped, lost.reading()]).toEqual(['lost', null]);
    expect(other.reading()?.samples).toHaveLength(16);
    expect(taken.filter((name) => name === 'gpuReadGBps')).toHaveLength(7);
  });

  it('ends when the page was hidden too often', async () => {
    const hidden = failure('benchmark-void', { reason: 'hidden' });
    const stations = [[figure('wasmReadGBps1', (run) => (run < 6 ? 1 : hidden))], [figure('gpuReadGBps')]];
    expect(await measure(stations)).toEqual(err(hidden));
  });

  it.each([1, 4, 9])('takes nothing more after it was stopped (at figure %d)', async (stopAt) => {
    const stop = new AbortController();
    let told = 0;
    const outcome = await measure([[figure('wasmReadGBps1')]], 60_000, stop.signal, () => {
      told += 1;
      if (told === stopAt) stop.abort();
    });
    expect(outcome).toEqual(err(failure('cancelled')));
    const before = taken.length;
    await Promise.resolve();
    expect(taken).toHaveLength(before);
  });
});
