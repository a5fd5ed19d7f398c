import { beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import { failure } from '#contracts/errors';
import { PlanModel, planModel } from '../../../../src/ui/plan/plan-model.svelte.ts';
import { capacityPlan } from '../../../fakes/plan-data.ts';
import { FakeCapacityPort } from '../../../fakes/capacity-port.ts';
import { FakePorts } from '../../../fakes/ports.ts';
import { turn } from '../../../fakes/turn.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

let port: FakeCapacityPort;
let model: PlanModel;
let leave: () => void;

beforeEach(async () => {
  port = new FakeCapacityPort();
  model = new PlanModel(() => Promise.resolve(port));
  leave = model.connect();
  await turn();
});

describe('the plan', () => {
  it('is made for this device when the page opens, and nothing is measured', () => {
    expect(port.calls).toEqual(['plan balanced', 'scalability balanced']);
    expect(model.here.value?.goal).toBe('balanced');
    expect(model.scale.value?.projections.length).toBeGreaterThan(0);
    expect(model.here.busy).toBe(false);
  });

  it('is made anew for another goal, and not for the same', async () => {
    model.aim('quality');
    model.aim('quality');
    await turn();
    expect(port.calls.slice(2)).toEqual(['plan quality', 'scalability quality']);
    expect(model.here.value?.goal).toBe('quality');
  });

  it('is that of the newest goal, whichever answer comes last', async () => {
    let release = (): void => undefined;
    port.hold = new Promise((resolve) => {
      release = resolve;
    });
    model.aim('speed');
    await turn();
    port.hold = null;
    model.aim('quality');
    await turn();
    expect(model.here.value?.goal).toBe('quality');
    release();
    await turn();
    expect(model.here.value?.goal).toBe('quality');
  });

  it('that fails leaves none of another goal behind', async () => {
    port.planned = () => err(failure('storage-failed'));
    model.aim('speed');
    await turn();
    expect(model.here.value).toBeNull();
    expect(model.here.problem?.code).toBe('storage-failed');
    port.planned = (goal) => ok(capacityPlan({ goal }));
    model.aim('balanced');
    await turn();
    expect(model.here.problem).toBeNull();
  });

  it('survives a part of the app that cannot be fetched', async () => {
    const broken = new PlanModel(() => Promise.reject(new Error('offline')));
    broken.connect();
    await turn();
    expect(broken.here.problem?.code).toBe('internal');
    expect(broken.here.busy).toBe(false);
  });

  it('of a page that was left changes nothing any more', async () => {
    port.hold = turn();
    model.aim('speed');
    leave();
    await turn();
    await turn();
    expect(model.here.busy).toBe(false);
    expect(model.here.value?.goal).toBe('balanced');
  });
});

describe('what if', () => {
  it('asks only for what differs', async () => {
    model.change('memoryGiB', 16);
    model.change('cards', 2);
    await turn();
    expect(port.calls.at(-1)).toBe('plan balanced {"memoryGiB":16,"cards":2}');
    expect(model.other.value).not.toBeNull();
  });

  it('follows the goal', async () => {
    model.change('remoteServers', 0);
    model.aim('speed');
    await turn();
    expect(port.calls.at(-1)).toBe('plan speed {"remoteServers":0}');
  });

  it('ends when all is as here, also while it is being planned', async () => {
    model.change('cores', 8);
    model.change('cores', null);
    await turn();
    expect(model.other).toMatchObject({ value: null, busy: false, problem: null });
    model.change('cores', 8);
    await turn();
    model.asHere();
    expect(model.other.value).toBeNull();
    expect(model.here.value).not.toBeNull();
  });

  it('says why there is none', async () => {
    port.planned = () => err(failure('member-unknown', { member: 'x' }));
    model.change('cores', 8);
    await turn();
    expect(model.other.problem?.code).toBe('member-unknown');
    expect(model.here.problem).toBeNull();
  });
});

it('keeps goal and choices while another page is open', () => {
  const ports = new FakePorts(new VirtualClock());
  expect(planModel(ports)).toBe(planModel(ports));
});
