import { beforeEach, describe, expect, it } from 'vitest';
import type { MemberView } from '#contracts/council';
import { failure } from '#contracts/errors';
import type { MetricId } from '#contracts/metrics';
import { CouncilManager } from '../../../src/resources/council-manager.ts';
import { ManualEngine, starterMember } from '../../fakes/manual-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const NEVER = new AbortController().signal;

let engines: Map<string, ManualEngine>;
let shown: readonly MemberView[];
let gauges: Map<MetricId, number>;
let manager: CouncilManager;

beforeEach(() => {
  engines = new Map();
  shown = [];
  gauges = new Map();
  manager = new CouncilManager({
    clock: new VirtualClock(),
    metrics: {
      add: (id, delta) => gauges.set(id, (gauges.get(id) ?? 0) + delta),
      set: (id, value) => gauges.set(id, value),
    },
    launch: (memberId, onLost) => {
      const engine = new ManualEngine(memberId, onLost);
      engines.set(memberId, engine);
      return engine;
    },
    urlOf: (file) => `https://page/starter/${file}`,
    threads: () => 8,
    onChange: (views) => {
      shown = views;
    },
  });
});

const appoint = (): void => {
  manager.appoint(['alder', 'birch', 'cedar'].map(starterMember));
};
const engine = (id: string): ManualEngine => {
  const found = engines.get(id);
  if (found === undefined) throw new Error(`${id} was not launched`);
  return found;
};

describe('preparing', () => {
  it('loads all at once, divides the threads, and resolves when all have settled', async () => {
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
    engine('cedar').lose();
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
