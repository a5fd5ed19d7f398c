import { beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import { CalibrationModel } from '../../../../src/ui/calibration/calibration-model.svelte.ts';
import { FakeCalibrationPort } from '../../../fakes/calibration-port.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { memberView } from '../../../fakes/port-data.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

let clock: VirtualClock;
let ports: FakePorts;
let port: FakeCalibrationPort;
let model: CalibrationModel;

beforeEach(async () => {
  clock = new VirtualClock();
  port = new FakeCalibrationPort();
  ports = new FakePorts(clock, {
    members: [
      ...['alder', 'birch', 'cedar'].map((id) => memberView(id)),
      memberView('far', { backend: 'remote' }),
    ],
  });
  ports.calibration = port;
  model = new CalibrationModel(ports, clock);
  model.connect();
  await turn();
});

const file = (text: string, name = 'mine.jsonl', size = text.length) => ({
  name,
  size,
  text: () => Promise.resolve(text),
});

describe('what is asked', () => {
  it('is a part of the bundled questions or all, of everybody on this device', () => {
    expect(model.asked.map(({ id }) => id)).toEqual(['alder', 'birch', 'cedar']);
    expect([model.available, model.questions]).toEqual([600, 120]);
    model.howMany = null;
    expect(model.questions).toBe(600);
    model.source = 'test';
    expect(model.questions).toBe(1200);
  });

  it('is a file of one’s own, all of it', async () => {
    await model.take(file('one\ntwo'));
    expect(model.own).toMatchObject({ name: 'mine.jsonl', questions: 2 });
    expect([model.source, model.questions]).toEqual(['own', 2]);
    await model.start();
    expect(port.asked.at(-1)).toMatchObject({ questions: 2, own: 'one\ntwo' });
  });

  it('stays the file before where the next has a fault, which is told', async () => {
    await model.take(file('one'));
    port.ownFault = failure('question-set-invalid', { line: 3, reason: 'not-json' });
    await model.take(file('broken'));
    expect(model.ownProblem).toMatchObject({ details: { line: 3 } });
    expect(model.own?.text).toBe('one');
    await model.take(file('large', 'large.jsonl', 80_000_001));
    expect(model.ownProblem).toMatchObject({ details: { reason: 'too-large' } });
    await model.take({ ...file(''), text: () => Promise.reject(new Error('it is gone')) });
    expect(model.ownProblem).toMatchObject({ code: 'internal' });
  });

  it('is nothing without a file', async () => {
    model.source = 'own';
    await model.start();
    expect(port.asked).toEqual([]);
  });
});

describe('a run', () => {
  it('tells how far it is and how long it still takes, and ends with a report', async () => {
    const run = port.hold();
    const started = model.start();
    for (let done = 1; done <= 8; done += 1) {
      clock.advance(100);
      run.progress(done, 120);
    }
    expect(model.run.progress).toMatchObject({ done: 8, total: 120, left: { median: 11_200 } });
    run.end(ok(port.report));
    await started;
    expect(model.run.running).toBe(false);
    expect(model.report).toEqual(port.report);
    expect(model.announcement).toMatch(/12.questions answered/);
  });

  it('is stopped without a failure, and the next goes on from there, in a time that is known', async () => {
    const run = port.hold();
    const started = model.start();
    for (let done = 1; done <= 20; done += 1) {
      clock.advance(50);
      run.progress(done, 120);
    }
    port.kept = [port.record({ questions: 20 })];
    model.run.stop();
    expect(run.signal.aborted).toBe(true);
    run.end(err(failure('cancelled', { record: 'x' })));
    await started;
    expect(model.run.problem).toBeNull();
    expect(model.announcement).toMatch(/Stopped after 20.questions/);
    expect([model.known, model.expected?.median]).toEqual([20, 5000]);
  });

  it('begins anew with other members, other answers, other questions, or on another device', () => {
    expect(model.known).toBe(0);
    const begun = port.record({ questions: 50 });
    model.records = [begun];
    expect(model.known).toBe(50);
    model.records = [{ ...begun, head: { ...begun.head, samples: 2 } }];
    expect(model.known).toBe(0);
    model.records = [{ ...begun, head: { ...begun.head, members: begun.head.members.slice(1) } }];
    expect(model.known).toBe(0);
    model.records = [{ ...begun, head: { ...begun.head, split: 'test' } }];
    expect(model.known).toBe(0);
    model.records = [{ ...begun, elsewhere: true }];
    expect(model.known).toBe(0);
  });

  it('ends with what went wrong, and also where its code cannot be fetched', async () => {
    port.end = err(failure('council-unavailable', { cause: 'model-downloading' }));
    await model.start();
    expect(model.run.problem).toMatchObject({ code: 'council-unavailable' });
    port.run = () => Promise.reject(new Error('offline'));
    await model.start();
    expect(model.run.problem).toMatchObject({ code: 'internal' });
  });
});

describe('kept records', () => {
  it('are opened, saved, brought in and deleted', async () => {
    port.kept = [port.record({ questions: 12 })];
    await model.look();
    const id = port.report.calibration.recordId;
    await model.open(id);
    expect(model.report).toEqual(port.report);
    expect(model.nameOf('alder')).toBe('Alder');
    expect(await model.exported(id)).toBe('lines');
    await model.bringIn(file('record'));
    expect(model.announcement).toContain('mine.jsonl');
    await model.remove(id);
    expect(model.report).toBeNull();
    expect(model.records).toEqual([]);
  });

  it('that cannot be read leave what is shown', async () => {
    await model.open(port.report.calibration.recordId);
    port.recordFault = failure('record-invalid', { line: 7 });
    await model.open('other');
    await model.bringIn(file('nonsense'));
    expect(await model.exported('other')).toBeNull();
    expect(model.problem).toMatchObject({ details: { line: 7 } });
    expect(model.report).not.toBeNull();
  });

  it('of the newest run are shown when the page is opened', async () => {
    const later = new CalibrationModel(ports, clock);
    port.newest = port.report.calibration;
    later.connect();
    await turn();
    expect(later.report).toEqual(port.report);
  });
});
