import { beforeEach, describe, expect, it } from 'vitest';
import { err } from '#kernel/result';
import { failure } from '#contracts/errors';
import { DeviceModel, deviceModel } from '../../../../src/ui/device/device-model.svelte.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

let clock: VirtualClock;
let ports: FakePorts;
let model: DeviceModel;

beforeEach(async () => {
  clock = new VirtualClock();
  ports = new FakePorts(clock);
  model = new DeviceModel(ports.device);
  await model.probe(new AbortController().signal);
});

async function pass(steps: number): Promise<void> {
  for (let step = 0; step < steps; step += 1) {
    clock.advance(800);
    await turn();
  }
}

describe('measuring the device', () => {
  it('is done on demand only, with progress, and what was found is shown', async () => {
    expect(ports.calls).toEqual([]);
    expect(model.report?.measured).toBeNull();
    const measuring = model.measure();
    await pass(3);
    expect(model.run.progress?.fraction).toBeCloseTo(0.25, 9);
    await pass(9);
    await measuring;
    expect(model.report?.measured?.figures.wasmReadGBps1).toBeDefined();
  });

  it('can be stopped', async () => {
    const measuring = model.measure();
    await pass(2);
    model.run.stop();
    await pass(1);
    await measuring;
    expect(model.run.stopped).toBe(true);
    expect(model.report?.measured).toBeNull();
  });
});

describe('the tier', () => {
  it('is what the user says, until it is to be as measured again', async () => {
    await model.setTier('high');
    expect(model.report).toMatchObject({ tier: 'high', override: 'high' });
    await model.setTier(null);
    expect(model.report?.override).toBeNull();
    expect(ports.calls).toEqual(['device.setTier high', 'device.setTier null']);
    expect(model.override).toBeNull();
  });

  it('stays as it was where it cannot be kept, and says why', async () => {
    const failing = new DeviceModel({
      ...ports.device,
      setTier: () => Promise.resolve(err(failure('storage-failed'))),
    });
    await failing.probe(new AbortController().signal);
    await failing.setTier('low');
    expect(failing.tierProblem?.code).toBe('storage-failed');
    expect(failing.report?.tier).toBe('mid');
    const broken = new DeviceModel({ ...ports.device, setTier: () => Promise.reject(new Error('gone')) });
    await broken.setTier('low');
    expect(broken.tierProblem?.code).toBe('internal');
    expect(broken.override).toBeNull();
  });

  it('shows at once, and of several words in a row the last one holds', async () => {
    let end = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      end = resolve;
    });
    const asked: unknown[] = [];
    const slow = new DeviceModel({
      ...ports.device,
      setTier: async (tier) => {
        asked.push(tier);
        await held;
        return ports.device.setTier(tier);
      },
    });
    const first = slow.setTier('low');
    expect(slow.override).toBe('low');
    void slow.setTier('mid');
    void slow.setTier('high');
    expect(slow.override).toBe('high');
    end();
    await first;
    expect(asked).toEqual(['low', 'high']);
    expect(slow.report?.override).toBe('high');
  });
});

describe('DeviceModel', () => {
  it('is one for the whole app', () => {
    expect(deviceModel(ports)).toBe(deviceModel(ports));
  });

  it('says why the device could not be read', async () => {
    ports.script = { ...ports.script, probe: err(failure('internal')) };
    await model.probe(new AbortController().signal);
    expect(model.problem?.code).toBe('internal');
    expect(model.probing).toBe(false);
  });
});
