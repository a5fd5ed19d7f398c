import { beforeEach, describe, expect, it } from 'vitest';
import type { MemberView } from '#contracts/council';
import { failure } from '#contracts/errors';
import type { MetricId } from '#contracts/metrics';
import { CouncilManager } from '../../../src/resources/council-manager.ts';
import { remoteSpec } from '../../../src/resources/remote-spec.ts';
import { starterSpec, type MemberSpec } from '../../../src/resources/member-spec.ts';
import { ManualEngine, starterMember } from '../../fakes/manual-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { OAK, OAK_MEMBER } from './ladders.ts';

const NEVER = new AbortController().signal;

let engines: Map<string, ManualEngine>;
let shown: readonly MemberView[];
let gauges: Map<MetricId, number>;
let marked: string[];
let manager: CouncilManager;

beforeEach(() => {
  engines = new Map();
  shown = [];
  marked = [];
  gauges = new Map();
  manager = new CouncilManager({
    clock: new VirtualClock(),
    metrics: {
      add: (id, delta) => gauges.set(id, (gauges.get(id) ?? 0) + delta),
      set: (id, value) => gauges.set(id, value),
    },
    launch: (memberId, onLost, rung) => {
      const engine = new ManualEngine(memberId, onLost, rung.engine);
      engines.set(memberId, engine);
      return engine;
    },
    onChange: (views) => {
      shown = views;
    },
    marks: {
      begin: (memberId, rungId) => {
        const mark = `${memberId} ${rungId}`;
        marked.push(mark);
        return () => {
          marked = marked.filter((each) => each !== mark);
        };
      },
    },
  });
});

const STARTERS = ['alder', 'birch', 'cedar'].map((id) =>
  starterSpec(starterMember(id), `https://page/starter/${id}.gguf`, 2),
);
const appoint = (): void => {
  manager.appoint(STARTERS);
};
const engine = (id: string): ManualEngine => {
  const found = engines.get(id);
  if (found === undefined) throw new Error(`${id} was not launched`);
  return found;
};

describe('preparing', () => {
  it('loads all at once, and resolves when all have settled', async () => {
    appoint();
    expect(shown.map((view) => view.state)).toEqual(['absent', 'absent', 'absent']);
    let prepared: Awaited<ReturnType<CouncilManager['prepare']>> | null = null;
    void manager.prepare(NEVER).then((outcome) => {
      prepared = outcome;
    });
    await turn();
    expect(shown.map((view) => view.state)).toEqual(['loading', 'loading', 'loading']);
    expect(engine('cedar').loadOptions?.threads).toBe(2);
    engine('alder').loaded();
    engine('birch').loaded();
    await turn();
    expect(prepared).toBeNull();
    engine('cedar').loaded();
    await turn();
    expect(prepared).toMatchObject({
      ok: true,
      value: { ready: [{ id: 'alder' }, { id: 'birch' }, { id: 'cedar' }], absent: [] },
    });
    expect(gauges.get('errors')).toBeUndefined();
    expect(gauges.get('membersReady')).toBe(3);
    expect(gauges.get('memory')).toBe(6);
  });

  it('goes on with those that could be loaded, names the others, and counts the failures', async () => {
    appoint();
    const prepared = manager.prepare(NEVER);
    engine('alder').fails(failure('model-invalid', { model: 'Alder' }));
    engine('birch').loaded();
    for (let loss = 1; loss <= 3; loss += 1) {
      engine('cedar').lose();
      await turn();
    }
    expect(await prepared).toMatchObject({
      ok: true,
      value: {
        ready: [{ id: 'birch' }],
        absent: [
          { id: 'alder', error: 'model-invalid' },
          { id: 'cedar', error: 'worker-lost' },
        ],
      },
    });
    expect(gauges.get('errors')).toBe(1); // the lost worker is counted by its supervisor
    expect(shown.map((view) => view.state)).toEqual(['failed', 'ready', 'failed']);
  });

  it('says why nobody is there', async () => {
    appoint();
    const prepared = manager.prepare(NEVER);
    for (const id of engines.keys()) engine(id).fails(failure('model-fetch-failed', { model: id }));
    expect(await prepared).toMatchObject({
      ok: false,
      error: { code: 'council-unavailable', details: { cause: 'model-fetch-failed' } },
    });
  });

  it('is cancelled by its signal', async () => {
    appoint();
    const controller = new AbortController();
    const prepared = manager.prepare(controller.signal);
    controller.abort();
    expect(await prepared).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });

  it('finds nobody before the council is named', async () => {
    expect(await manager.prepare(NEVER)).toMatchObject({ error: { code: 'council-unavailable' } });
  });
});

it('brings a lost member back without being asked', async () => {
  appoint();
  const prepared = manager.prepare(NEVER);
  for (const id of engines.keys()) engine(id).loaded();
  await prepared;
  manager.setThinking('birch', true);
  expect(gauges.get('membersThinking')).toBe(1);
  engine('birch').lose();
  expect(shown[1]?.state).toBe('restarting');
  expect(gauges.get('membersReady')).toBe(2);
  engine('birch').loaded();
  await turn();
  expect(shown[1]).toMatchObject({ state: 'ready', restarts: 1 });
});

it('restarts by name only whom it knows', async () => {
  appoint();
  expect(await manager.restart('zebra')).toEqual({
    ok: false,
    error: failure('member-unknown', { member: 'zebra' }),
  });
  const restarted = manager.restart('alder');
  engine('alder').loaded();
  expect(await restarted).toMatchObject({ ok: true, value: { id: 'alder', state: 'ready' } });
});

describe('a member on a server', () => {
  const FAR = remoteSpec({ id: 'far', name: 'Far', model: 'tiny', endpointIds: ['home'] });

  it('is not called on before a question is allowed to go there, and keeps nobody waiting', async () => {
    manager.appoint([...STARTERS.slice(0, 1), FAR]);
    const prepared = manager.prepare(NEVER);
    engine('alder').loaded();
    // Before: to type a question sent the key to the server, and every question waited for one that was down.
    expect(engines.has(FAR.id)).toBe(false);
    expect(await prepared).toMatchObject({
      value: { ready: [{ id: 'alder' }], absent: [{ id: FAR.id, backend: 'remote', error: 'cancelled' }] },
    });
    const allowed = manager.prepare(NEVER, { isWanted: () => true });
    engine(FAR.id).loaded('remote');
    expect(await allowed).toMatchObject({ value: { ready: [{ id: 'alder' }, { id: FAR.id }] } });
  });

  it('is no reason to call a council unavailable that has nobody else', async () => {
    manager.appoint([FAR]);
    expect(await manager.prepare(NEVER)).toMatchObject({ value: { ready: [], absent: [{ id: FAR.id }] } });
  });
});

describe('a member whose model is not on the device', () => {
  it('is fetched with a yes, and nobody waits for that', async () => {
    manager.appoint([...STARTERS.slice(0, 1), OAK_MEMBER]);
    const first = manager.prepare(NEVER);
    engine('alder').loaded();
    expect(engine('oak').loadOptions?.download).toBeUndefined();
    engine('oak').fails(failure('consent-required', { model: 'oak' }));
    expect(await first).toMatchObject({ value: { absent: [{ id: 'oak', error: 'consent-required' }] } });

    const downloaded = manager.download('oak');
    expect(engine('oak').loadOptions).toMatchObject({ download: true });
    engine('oak').progresses({ phase: 'fetch', fraction: 0.25, bytes: 1000 });
    expect(shown[1]).toMatchObject({
      state: 'loading',
      restarts: 0,
      progress: { phase: 'fetch', fraction: 0.25 },
    });
    const meanwhile = await manager.prepare(NEVER);
    expect(meanwhile).toMatchObject({
      value: { ready: [{ id: 'alder' }], absent: [{ id: 'oak', error: 'model-downloading' }] },
    });

    engine('oak').loaded();
    expect(await downloaded).toMatchObject({ ok: true, value: { state: 'ready' } });
    expect(shown[1]?.progress).toBeUndefined();
  });

  it('does not fetch a smaller one in its place without another yes', async () => {
    manager.appoint([OAK_MEMBER]);
    const downloaded = manager.download('oak');
    engine('oak').fails(failure('out-of-memory', { model: 'oak' }));
    await turn();
    for (let below = 1; below < OAK.length; below += 1) {
      expect(engine('oak').loadOptions?.download).toBeUndefined();
      engine('oak').fails(failure('consent-required', { model: 'oak' }));
      await turn();
    }
    expect(await downloaded).toMatchObject({ error: { code: 'out-of-memory' } });
    expect(shown[0]).toMatchObject({ state: 'failed', problem: { code: 'out-of-memory' } });
  });

  it('is replaced by a smaller one that is on the device', async () => {
    manager.appoint([OAK_MEMBER]);
    const downloaded = manager.download('oak');
    engine('oak').fails(failure('out-of-memory', { model: 'oak' }));
    await turn();
    engine('oak').fails(failure('consent-required', { model: 'oak' }));
    await turn();
    engine('oak').loaded();
    expect(await downloaded).toMatchObject({
      value: { state: 'ready', fallback: { because: 'out-of-memory' } },
    });
  });

  it('that nobody knows is a typed failure', async () => {
    expect(await manager.download('zebra')).toMatchObject({ error: { code: 'member-unknown' } });
  });
});

describe('members of every kind', () => {
  const remote: MemberSpec = {
    ...OAK_MEMBER,
    id: 'far',
    rungs: [{ ...OAK[0], engine: 'remote', features: [], accuracy: null }],
  };

  it('sit beside those that came with the page', () => {
    appoint();
    manager.appoint([...STARTERS, OAK_MEMBER, remote]);
    expect(shown.map(({ id, engine }) => [id, engine])).toEqual([
      ['alder', 'wllama'],
      ['birch', 'wllama'],
      ['cedar', 'wllama'],
      ['oak', 'web-llm'],
      ['far', 'remote'],
    ]);
    expect(shown.at(-1)?.testAccuracy).toBeNull();
  });

  it('begin below what killed a tab, and mark what they load', async () => {
    manager.appoint([OAK_MEMBER, remote], new Map([['oak', ['gpu-f16']]]));
    expect(shown[0]?.fallback).toMatchObject({ because: 'died-while-loading', changes: ['quantization'] });
    const prepared = manager.prepare(NEVER);
    expect(marked).toEqual(['oak gpu-q3']);
    engine('oak').loaded();
    engine('far').loaded();
    expect(await prepared).toMatchObject({
      value: {
        ready: [
          { id: 'oak', accuracy: 0.8 },
          { id: 'far', accuracy: 0 },
        ],
      },
    });
    expect(marked).toEqual([]);
  });

  it('fall without counting as lost, and each fall is an error', async () => {
    manager.appoint([OAK_MEMBER]);
    const prepared = manager.prepare(NEVER);
    engine('oak').fails(failure('out-of-memory', { model: 'oak' }));
    await turn();
    engine('oak').loaded();
    expect(await prepared).toMatchObject({ ok: true, value: { absent: [] } });
    expect([gauges.get('errors'), gauges.get('membersReady')]).toEqual([1, 1]);
  });

  it('leave, and free their memory', async () => {
    appoint();
    const prepared = manager.prepare(NEVER);
    for (const id of engines.keys()) engine(id).loaded();
    await prepared;
    manager.appoint(STARTERS.filter(({ id }) => id !== 'birch'));
    expect(engine('birch').unloads).toBe(1);
    // The others stay as they are: still loaded.
    expect(shown.map(({ id, state }) => [id, state])).toEqual([
      ['alder', 'ready'],
      ['cedar', 'ready'],
    ]);
    expect(gauges.get('membersReady')).toBe(2);
  });
});

it('sets the pace of all, and unloads all', async () => {
  appoint();
  const prepared = manager.prepare(NEVER);
  for (const id of engines.keys()) engine(id).loaded();
  await prepared;
  manager.setPacing({ flushIntervalMs: 100, decodeDelayMs: 20 });
  await manager.unloadAll();
  for (const each of engines.values()) {
    expect(each.paces.at(-1)).toEqual({ flushIntervalMs: 100, decodeDelayMs: 20 });
    expect(each.unloads).toBe(1);
  }
  expect(shown.map((view) => view.state)).toEqual(['absent', 'absent', 'absent']);
});

it('says what is in memory, of members that did not come with the page', async () => {
  manager.appoint([...STARTERS, OAK_MEMBER]);
  expect(manager.furtherLoaded().size).toBe(0);
  void manager.prepare(NEVER);
  await turn();
  engine('alder').loaded();
  engine(OAK_MEMBER.id).loaded();
  await turn();
  expect([...manager.furtherLoaded().keys()]).toEqual([OAK_MEMBER.id]);
  expect(manager.furtherLoaded().get(OAK_MEMBER.id)?.backend).toBeDefined();
});
