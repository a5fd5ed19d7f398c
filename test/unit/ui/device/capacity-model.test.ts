import { beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import { CapacityModel, capacityModel } from '../../../../src/ui/device/capacity-model.svelte.ts';
import { FakeCapacityPort } from '../../../fakes/capacity-port.ts';
import { modelMeasurement } from '../../../fakes/model-measurement.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

let port: FakeCapacityPort;
let model: CapacityModel;
const signal = (): AbortSignal => new AbortController().signal;

beforeEach(() => {
  port = new FakeCapacityPort();
  model = new CapacityModel(() => Promise.resolve(port));
});

describe('predictions', () => {
  it('are read without measuring anything', async () => {
    await model.load(signal());
    expect(port.calls).toEqual(['predict']);
    expect(model.report?.measuredOn).toBeNull();
    expect(model.record?.verdicts).toEqual([]);
    expect(model.predicting).toBe(false);
  });

  it('say why there are none, and leave the record alone', async () => {
    port.predicted = () => err(failure('storage-failed'));
    await model.load(signal());
    expect(model.problem?.code).toBe('storage-failed');
    expect(model.record).not.toBeNull();
    expect(model.recordProblem).toBeNull();
  });

  it('survive a part of the app that cannot be fetched', async () => {
    const broken = new CapacityModel(() => Promise.reject(new Error('offline')));
    await broken.load(signal());
    expect(broken.problem?.code).toBe('internal');
    await broken.measure();
    expect(broken.run.problem?.code).toBe('internal');
    expect(broken.run.running).toBe(false);
  });

  it('of a visit that ended are dropped', async () => {
    const visit = new AbortController();
    const loading = model.load(visit.signal);
    visit.abort();
    await loading;
    expect(model.report).toBeNull();
  });
});

describe('a measurement', () => {
  it('shows how far it is, and is followed by new predictions', async () => {
    const measuring = model.measure();
    await turn();
    expect(model.run.running).toBe(true);
    port.tell({ phase: 'run', fraction: 0.4, secondsLeft: 12 });
    expect(model.run.progress?.fraction).toBe(0.4);
    port.succeed();
    await measuring;
    expect(model.run).toMatchObject({ running: false, progress: null, problem: null, stopped: false });
    expect(model.report?.measuredOn).not.toBeNull();
  });

  it('that was stopped is no failure, and keeps what was known', async () => {
    await model.load(signal());
    const before = model.report;
    const measuring = model.measure();
    await turn();
    model.run.stop();
    await measuring;
    expect(model.run).toMatchObject({ running: false, problem: null, stopped: true });
    expect(model.report).toBe(before);
  });

  it('that was disturbed says so, until the next one begins', async () => {
    const measuring = model.measure();
    await turn();
    port.end(err(failure('benchmark-void', { reason: 'the tab was hidden' })));
    await measuring;
    expect(model.run.problem?.code).toBe('benchmark-void');
    const again = model.measure();
    await turn();
    expect(model.run.problem).toBeNull();
    port.succeed();
    await again;
  });

  it('runs once at a time', async () => {
    const first = model.measure();
    await turn();
    await model.measure();
    expect(port.calls).toEqual(['measure']);
    port.succeed();
    await first;
  });

  it('of a model runs once at a time, not beside the other, and its figures are read when it has ended', async () => {
    const measuring = model.measureModel('a');
    await turn();
    await model.measureModel('b');
    expect(port.calls).toEqual(['measureModel a']);
    port.tellModel({ phase: 'fetch', fraction: 0.1, secondsLeft: null });
    expect(model).toMatchObject({
      modelMeasured: 'a',
      modelRun: { running: true, progress: { phase: 'fetch' } },
    });
    port.endModel(ok(modelMeasurement()));
    await measuring;
    expect(port.calls).toEqual(['measureModel a', 'predict']);
    expect(model.modelRun).toMatchObject({ running: false, problem: null });
    const other = model.measure();
    await turn();
    await model.measureModel('b');
    expect(port.calls).not.toContain('measureModel b');
    port.succeed();
    await other;
  });

  it('of a model that failed says why, of that model', async () => {
    const measuring = model.measureModel('a');
    await turn();
    port.endModel(err(failure('model-fetch-failed', { reason: 'unreachable' })));
    await measuring;
    expect(model).toMatchObject({
      modelMeasured: 'a',
      modelRun: { problem: { code: 'model-fetch-failed' } },
    });
    expect(port.calls).toEqual(['measureModel a']);
  });

  it('goes on while another page is open: there is one model for the whole app', () => {
    const ports = new FakePorts(new VirtualClock());
    expect(capacityModel(ports)).toBe(capacityModel(ports));
  });
});
