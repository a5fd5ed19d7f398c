import { beforeEach, describe, expect, it } from 'vitest';
import type { MemberState } from '#contracts/council';
import { failure, type ErrorCode } from '#contracts/errors';
import { DeviceLosses } from '../../../src/resources/device-losses.ts';
import { ManagedMember } from '../../../src/resources/managed-member.ts';
import { NO_MARKS } from '../../../src/resources/member-ports.ts';
import { starterSpec } from '../../../src/resources/member-spec.ts';
import { ManualEngine, starterMember } from '../../fakes/manual-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;

let clock: VirtualClock;
let engines: ManualEngine[];
let states: MemberState[];
let problems: ErrorCode[];
let member: ManagedMember;

function newest(): ManualEngine {
  const engine = engines.at(-1);
  if (engine === undefined) throw new Error('no engine was launched');
  return engine;
}

beforeEach(() => {
  clock = new VirtualClock();
  engines = [];
  states = [];
  problems = [];
  member = new ManagedMember(starterSpec(starterMember('alder'), 'https://page/starter/alder.gguf', 2), {
    clock,
    launch: (memberId, onLost) => {
      const engine = new ManualEngine(memberId, onLost);
      engines.push(engine);
      return engine;
    },
    deviceLosses: new DeviceLosses(),
    marks: NO_MARKS,
    onChange: () => {
      const { state } = member.view();
      if (states.at(-1) !== state) states.push(state);
    },
    onLoadFailed: (problem) => problems.push(problem.code),
  });
});

async function ready(): Promise<void> {
  const prepared = member.prepare(NEVER);
  newest().loaded();
  await prepared;
}

describe('loading', () => {
  it('goes from absent over loading to ready, and shows what the engine said', async () => {
    expect(member.view()).toMatchObject({ state: 'absent', threads: null, loadMs: null, problem: null });
    expect(member.ready()).toBeNull();
    await ready();
    expect(states).toEqual(['loading', 'ready']);
    expect(member.view()).toMatchObject({ state: 'ready', threads: 2, loadMs: 123, testAccuracy: 0.8 });
    expect(member.ready()).toMatchObject({ id: 'alder', name: 'Alder', accuracy: 0.9, backend: 'cpu' });
    expect(member.ready()?.engine.kind).toBe('wllama');
    expect(member.view()).not.toHaveProperty('fallback');
    expect(newest().loadOptions).toMatchObject({
      model: { id: 'alder', url: 'https://page/starter/alder.gguf', sizeBytes: 2048 },
      threads: 2,
      contextTokens: 256,
      slots: 1,
    });
  });

  it('does nothing when it is ready', async () => {
    await ready();
    await member.prepare(NEVER);
    member.setThinking(true);
    await member.prepare(NEVER);
    expect(engines).toHaveLength(1);
  });

  it('is shared by all who wait for it', async () => {
    const both = [member.prepare(NEVER), member.prepare(NEVER)];
    newest().loaded();
    await Promise.all(both);
    expect(engines).toHaveLength(1);
    expect(member.view().state).toBe('ready');
  });

  it('keeps a typed failure, frees the worker, and tries again when asked again', async () => {
    const problem = failure('model-invalid', { model: 'Alder', reason: 'sha256' });
    const prepared = member.prepare(NEVER);
    newest().fails(problem);
    await prepared;
    expect(member.view()).toMatchObject({ state: 'failed', problem });
    expect(member.ready()).toBeNull();
    expect(newest().unloads).toBe(1);
    expect(problems).toEqual(['model-invalid']);
    await ready();
    expect(engines).toHaveLength(2);
    expect(member.view()).toMatchObject({ state: 'ready', problem: null });
  });

  it('is absent again, without a problem, when it was given up', async () => {
    const controller = new AbortController();
    const prepared = member.prepare(controller.signal);
    controller.abort();
    await prepared;
    expect(member.view()).toMatchObject({ state: 'absent', problem: null });
    expect(newest().unloads).toBe(1);
  });

  it('does not start for a signal that is aborted already', async () => {
    const controller = new AbortController();
    controller.abort();
    await member.prepare(controller.signal);
    expect(engines).toHaveLength(0);
  });

  it('is started again when its worker dies meanwhile, as its words say; after the third time it has failed', async () => {
    const prepared = member.prepare(NEVER);
    for (const restarts of [1, 2]) {
      newest().lose();
      await turn();
      expect(member.view()).toMatchObject({ state: 'restarting', problem: null, restarts });
    }
    newest().lose();
    await prepared;
    expect(member.view()).toMatchObject({ state: 'failed', problem: { code: 'worker-lost' } });
    expect(engines).toHaveLength(3);
    expect(engines.every((engine) => engine.unloads === 1)).toBe(true);
    const again = member.prepare(NEVER); // and starts afresh when it is asked again
    newest().lose();
    await turn();
    expect(member.view().state).toBe('restarting');
    newest().loaded();
    await again;
    expect(member.view().state).toBe('ready');
  });

  it('is started again when its worker dies in the moment it succeeds', async () => {
    const prepared = member.prepare(NEVER);
    newest().loaded();
    newest().lose();
    await turn();
    expect(member.view().state).toBe('restarting');
    expect(member.ready()).toBeNull();
    newest().loaded();
    await prepared;
    expect(member.view()).toMatchObject({ state: 'ready', restarts: 1 });
  });

  it('ends when the member is unloaded meanwhile', async () => {
    const prepared = member.prepare(NEVER);
    await member.unload();
    await prepared;
    expect(member.view().state).toBe('absent');
    expect(newest().unloads).toBe(1);
    newest().loaded(); // too late: nobody listens
    await turn();
    expect(member.view().state).toBe('absent');
  });
});

describe('loss', () => {
  it('restarts a member that was ready', async () => {
    await ready();
    const [first] = engines;
    first?.lose();
    expect(member.view()).toMatchObject({ state: 'restarting', restarts: 1 });
    expect(member.ready()).toBeNull();
    newest().loaded();
    await turn();
    expect(member.view().state).toBe('ready');
    expect(states).toEqual(['loading', 'ready', 'restarting', 'ready']);
  });

  it('restarts a member that was thinking, which then no longer thinks', async () => {
    await ready();
    member.setThinking(true);
    expect(member.view().state).toBe('thinking');
    newest().lose();
    newest().loaded();
    await turn();
    expect(member.view().state).toBe('ready');
    member.setThinking(false);
    expect(member.view().state).toBe('ready');
  });

  it('is noticed once, and only of the worker in use', async () => {
    await ready();
    const first = newest();
    first.lose();
    first.lose();
    expect(engines).toHaveLength(2);
    newest().loaded();
    await turn();
    first.lose();
    expect(member.view()).toMatchObject({ state: 'ready', restarts: 1 });
  });

  it('lets those who ask meanwhile wait for the restart', async () => {
    await ready();
    newest().lose();
    const prepared = member.prepare(NEVER);
    newest().loaded();
    await prepared;
    expect(engines).toHaveLength(2);
    expect(member.ready()).not.toBeNull();
  });

  it('more than eight times in a minute leaves it down until somebody asks', async () => {
    await ready();
    for (let loss = 1; loss <= 8; loss += 1) {
      clock.advance(1000);
      newest().lose();
      newest().loaded();
      await turn();
      expect(member.view().state).toBe('ready');
    }
    newest().lose();
    expect(member.view()).toMatchObject({ state: 'failed', problem: { code: 'worker-lost' }, restarts: 8 });
    expect(engines).toHaveLength(9);
    const restarted = member.restart();
    newest().loaded();
    expect(await restarted).toMatchObject({ ok: true, value: { state: 'ready' } });
    newest().lose(); // whoever asked gets a whole minute's worth of them
    expect(member.view().state).toBe('restarting');
  });

  it('now and then is repaired for ever', async () => {
    await ready();
    for (let loss = 1; loss <= 30; loss += 1) {
      clock.advance(8000);
      newest().lose();
      newest().loaded();
      await turn();
    }
    expect(member.view()).toMatchObject({ state: 'ready', restarts: 30 });
  });
});

describe('a restart by hand', () => {
  it('replaces the worker', async () => {
    await ready();
    const restarted = member.restart();
    expect(engines[0]?.unloads).toBe(1);
    expect(member.view().state).toBe('restarting');
    newest().loaded();
    expect(await restarted).toMatchObject({ ok: true, value: { state: 'ready', restarts: 1 } });
  });

  it('says why it failed', async () => {
    const restarted = member.restart();
    newest().fails(failure('model-fetch-failed', { model: 'Alder' }));
    expect(await restarted).toMatchObject({ ok: false, error: { code: 'model-fetch-failed' } });
    expect(member.view().state).toBe('failed');
  });
});

it('gives its pace to every engine it gets', async () => {
  const slow = { flushIntervalMs: 50, decodeDelayMs: 10 };
  member.setPacing(slow);
  await ready();
  expect(newest().paces).toEqual([slow]);
  newest().lose();
  newest().loaded();
  await turn();
  expect(newest().paces).toEqual([slow]);
});
