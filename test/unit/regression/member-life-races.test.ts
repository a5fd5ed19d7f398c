import { beforeEach, expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import { DeviceLosses } from '../../../src/resources/device-losses.ts';
import { ManagedMember } from '../../../src/resources/managed-member.ts';
import { NO_MARKS } from '../../../src/resources/member-ports.ts';
import { starterSpec } from '../../../src/resources/member-spec.ts';
import { ManualEngine, starterMember } from '../../fakes/manual-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;
let engines: ManualEngine[];
let launchThrows: boolean;
let member: ManagedMember;

beforeEach(() => {
  engines = [];
  launchThrows = false;
  member = new ManagedMember(starterSpec(starterMember('alder'), 'https://page/alder.gguf', 1), {
    clock: new VirtualClock(),
    launch: (memberId, onLost) => {
      if (launchThrows) throw new DOMException('no workers here', 'SecurityError');
      const engine = new ManualEngine(memberId, onLost);
      engines.push(engine);
      return engine;
    },
    deviceLosses: new DeviceLosses(),
    marks: NO_MARKS,
    onChange: () => undefined,
    onLoadFailed: () => undefined,
  });
});

it('two restarts at once leave one worker, not two', async () => {
  const restarts = [member.restart(), member.restart()];
  await turn();
  engines.at(-1)?.loaded();
  const [first, second] = await Promise.all(restarts);
  // Before: both waited for the old worker to go, both launched, and the first one's worker ran on for ever.
  expect(engines.filter((engine) => engine.unloads === 0)).toHaveLength(1);
  expect(first).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  expect(second).toMatchObject({ ok: true, value: { state: 'ready' } });
});

it('nor does a question that comes during a restart', async () => {
  const restarted = member.restart();
  const prepared = member.prepare(NEVER);
  await turn();
  engines.at(-1)?.loaded();
  await Promise.all([restarted, prepared]);
  expect(engines).toHaveLength(1);
});

it('who joined a load that its beginner gave up gets a load of its own', async () => {
  const leaving = new AbortController();
  const left = member.prepare(leaving.signal);
  const staying = member.prepare(NEVER);
  leaving.abort();
  await turn();
  engines.at(-1)?.loaded();
  await Promise.all([left, staying]);
  // Before: "no member of the council could be started", because somebody else had changed his mind.
  expect(member.view().state).toBe('ready');
  expect(engines).toHaveLength(2);
});

it('who joined a load leaves it at once on abort, and the load goes on', async () => {
  const first = member.prepare(NEVER);
  const leaving = new AbortController();
  const left = member.prepare(leaving.signal);
  leaving.abort();
  await left;
  expect(member.view().state).toBe('loading');
  engines.at(-1)?.loaded();
  await first;
  expect(member.view().state).toBe('ready');
});

it('a worker that dies in the moment its load succeeds is not shown as ready', async () => {
  const prepared = member.prepare(NEVER);
  engines[0]?.loaded();
  engines[0]?.lose();
  await turn();
  // Before: the loss was left to the load, which had already said yes: a dead engine stayed "ready" for ever.
  expect(member.view()).toMatchObject({ state: 'restarting', restarts: 1 });
  expect(member.ready()).toBeNull();
  engines[1]?.loaded();
  await prepared;
  expect(member.view().state).toBe('ready');
});

it('a worker that cannot even be made is a failure, not an exception', async () => {
  launchThrows = true;
  await member.prepare(NEVER);
  expect(member.view()).toMatchObject({ state: 'failed', problem: { code: 'internal' } });
  launchThrows = false;
  const prepared = member.prepare(NEVER);
  engines[0]?.loaded();
  await prepared;
  launchThrows = true;
  // Before: this threw in the middle of the supervisor's list of listeners.
  engines[0]?.lose(failure('worker-lost', { member: 'alder' }));
  await turn();
  expect(member.view().state).toBe('failed');
});
