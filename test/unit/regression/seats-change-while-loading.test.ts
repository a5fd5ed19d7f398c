import { beforeEach, expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import { DeviceLosses } from '../../../src/resources/device-losses.ts';
import { ManagedMember } from '../../../src/resources/managed-member.ts';
import { NO_MARKS } from '../../../src/resources/member-ports.ts';
import { ManualEngine } from '../../fakes/manual-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { OAK_MEMBER, rung } from '../resources/ladders.ts';

const NEVER = new AbortController().signal;
let engines: ManualEngine[];
let member: ManagedMember;

beforeEach(() => {
  engines = [];
  member = new ManagedMember(OAK_MEMBER, {
    clock: new VirtualClock(),
    launch: (memberId, onLost, { engine }) => {
      const made = new ManualEngine(memberId, onLost, engine);
      engines.push(made);
      return made;
    },
    deviceLosses: new DeviceLosses(),
    marks: NO_MARKS,
    onChange: () => undefined,
    onLoadFailed: () => undefined,
  });
});

const alive = (): readonly ManualEngine[] => engines.filter(({ unloads }) => unloads === 0);
const newest = (): ManualEngine => {
  const engine = engines.at(-1);
  if (engine === undefined) throw new Error('no engine was launched');
  return engine;
};

it('a member that loses its seat is not loaded again by whoever waited for its load', async () => {
  const restarted = member.restart();
  const joined = member.prepare(NEVER);
  await member.retire();
  await Promise.all([restarted, joined]);
  await turn();
  // Before: `prepare` took the cancelled load for one that somebody else gave up, and began its own: gigabytes for nobody.
  expect(alive()).toEqual([]);
  await member.prepare(NEVER);
  expect(engines).toHaveLength(1);
});

it('a download pressed twice is one download', async () => {
  const both = [member.download(), member.download()];
  // Before: the second threw the first away with all that it had fetched.
  expect(engines).toHaveLength(1);
  newest().loaded();
  expect(await Promise.all(both)).toMatchObject([
    { ok: true, value: { state: 'ready' } },
    { ok: true, value: { state: 'ready' } },
  ]);
});

it('a restart in the middle of a download goes on with it, and nobody waits for it', async () => {
  const downloaded = member.download();
  const restarted = member.restart();
  expect(await downloaded).toMatchObject({ error: { code: 'cancelled' } });
  expect(newest().loadOptions).toMatchObject({ download: true });
  // Before: the end of the first took the yes away from the second, and questions waited for gigabytes.
  await member.prepare(NEVER);
  expect(member.absent()).toMatchObject({ error: 'model-downloading' });
  newest().lose();
  await turn();
  expect(engines).toHaveLength(3);
  expect(newest().loadOptions).toMatchObject({ download: true });
  newest().loaded();
  expect(await restarted).toMatchObject({ value: { state: 'ready' } });
});

it('the yes to one download is none to a later load', async () => {
  const downloaded = member.download();
  newest().fails(failure('model-fetch-failed', { model: 'oak' }));
  await downloaded;
  const prepared = member.prepare(NEVER);
  expect(newest().loadOptions).not.toHaveProperty('download');
  newest().loaded();
  await prepared;
});

it('a download of a member that is ready takes no answer from it', async () => {
  const prepared = member.prepare(NEVER);
  newest().loaded();
  await prepared;
  const answered = member
    .ready()
    ?.engine.generate(NEVER, { prompt: '1 + 1', maxTokens: 9, temperature: 0, seed: 1 }, () => undefined);
  await turn();
  expect(await member.download()).toMatchObject({ value: { state: 'ready' } });
  newest().answers[0]?.say('2');
  newest().answers[0]?.end();
  expect(await answered).toMatchObject({ ok: true, value: { text: '2', finish: 'stop' } });
  expect(engines).toHaveLength(1);
});

it('what else is on the device changes the ladder below, and does not end a download', async () => {
  const downloaded = member.download();
  const [first, ...rest] = OAK_MEMBER.rungs;
  const another = rung({ id: 'acorn', engine: 'web-llm', model: 'acorn', parameters: 2 });
  // Before: every change of the seats made anew whoever had a longer ladder now, and its download was gone.
  expect(member.adopt({ ...OAK_MEMBER, rungs: [first, another, ...rest] })).toBe(true);
  newest().fails(failure('model-load-failed', { model: 'oak' }));
  await turn();
  expect(newest().loadOptions?.model.id).toBe('acorn-acorn');
  newest().loaded();
  expect(await downloaded).toMatchObject({ value: { state: 'ready', fallback: { changes: ['model'] } } });
});

it('a member stays on its rung when others come in between', async () => {
  const prepared = member.prepare(NEVER);
  newest().fails(failure('feature-missing', { model: 'oak', feature: 'shader-f16' }));
  await turn();
  const model = newest().loadOptions?.model;
  newest().loaded();
  await prepared;
  const [first, ...rest] = OAK_MEMBER.rungs;
  const another = rung({ id: 'acorn', engine: 'web-llm', model: 'acorn', parameters: 2 });
  expect(member.adopt({ ...OAK_MEMBER, rungs: [first, another, ...rest] })).toBe(true);
  expect(member.view().fallback?.now).toBe(model?.name);
  expect(member.adopt({ ...OAK_MEMBER, rungs: [another, ...rest] })).toBe(false);
});

it('names the size of what was chosen, not of what was tried last, where it waits for a yes', async () => {
  const prepared = member.prepare(NEVER);
  newest().fails(failure('consent-required', { model: 'oak' }));
  await prepared;
  expect(member.view()).toMatchObject({ state: 'failed', downloadBytes: 1000e6 });
  const downloaded = member.download();
  expect(member.view()).not.toHaveProperty('downloadBytes');
  newest().loaded();
  await downloaded;
});

it('a seat of which nothing can be learnt says why, and launches nothing', async () => {
  const unavailable = failure('model-fetch-failed', { model: 'the catalogue' });
  expect(member.adopt({ ...OAK_MEMBER, unavailable })).toBe(false);
  const seat = new ManagedMember(
    { ...OAK_MEMBER, unavailable },
    {
      clock: new VirtualClock(),
      launch: () => {
        throw new Error('nothing to launch');
      },
      deviceLosses: new DeviceLosses(),
      marks: NO_MARKS,
      onChange: () => undefined,
      onLoadFailed: () => undefined,
    },
  );
  await seat.prepare(NEVER);
  expect(seat.view()).toMatchObject({ state: 'failed', problem: unavailable });
  expect(seat.absent()).toMatchObject({ id: 'oak', error: 'model-fetch-failed' });
});
