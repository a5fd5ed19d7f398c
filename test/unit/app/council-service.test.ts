import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ok } from '#kernel/result';
import type { CouncilEvent } from '#contracts/council';
import type { Deliberation } from '#contracts/deliberation';
import type { MetricId } from '#contracts/metrics';
import { openRound } from '../../../src/council/open-round.ts';
import { CouncilService } from '../../../src/app/council-service.ts';
import { starterMembers } from '../../../src/app/starter-members.ts';
import { StarterCatalogue } from '../../../src/app/starter-catalogue.ts';
import { starterMember } from '../../fakes/manual-engine.ts';
import { ScriptedEngine, type Script } from '../../fakes/scripted-engine.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { dispatchOf } from '../../fakes/dispatch.ts';

const NEVER = new AbortController().signal;

let status: number;
let fetches: number;

beforeEach(() => {
  status = 200;
  fetches = 0;
  vi.stubGlobal('fetch', () => {
    fetches += 1;
    const body = {
      schema: 'witan.starter-council',
      version: 1,
      generated: '',
      abstain: 'I cannot answer that.',
      members: ['alder', 'birch'].map(starterMember),
    };
    return Promise.resolve(Response.json(body, { status }));
  });
});

// Comes with the first question otherwise, in real time, while the virtual clock runs on.
beforeAll(() => import('../../../src/app/starter-files.ts'));

afterEach(() => {
  vi.unstubAllGlobals();
});

function serve(scripts: Readonly<Record<string, Script>>) {
  const clock = new VirtualClock();
  const counts = new Map<MetricId, number>();
  const busy: boolean[] = [];
  const kept: Deliberation[] = [];
  const events: CouncilEvent[] = [];
  const service = new CouncilService({
    rounds: () => Promise.resolve(openRound),
    dispatch: dispatchOf(clock),
    clock,
    metrics: {
      add: (id, delta) => counts.set(id, (counts.get(id) ?? 0) + delta),
      set: (id, value) => counts.set(id, value),
    },
    catalogue: new StarterCatalogue('https://page/'),
    launch: (memberId) => new ScriptedEngine(clock, scripts[memberId] ?? {}),
    appointment: (_signal, about) =>
      Promise.resolve(ok({ specs: starterMembers(about, (file) => `https://page/${file}`, 2) })),
    watchFrames: () => () => null,
    keep: (record) => Promise.resolve(kept.push(record)),
    onBusy: (now) => busy.push(now),
  });
  service.subscribe((event) => events.push(event));
  const pass = async (forMs: number): Promise<void> => {
    await turn();
    for (let passed = 0; passed < forMs; passed += 5) {
      clock.advance(5);
      await turn();
    }
  };
  return { service, counts, busy, kept, events, pass };
}

describe('a question', () => {
  it('loads the council, is answered, kept and counted', async () => {
    const { service, counts, busy, kept, events, pass } = serve({
      alder: { says: '85' },
      birch: { says: '85' },
    });
    const asked = service.ask(NEVER, 'What is 38 + 47?');
    await pass(50);
    const answered = await asked;
    expect(answered).toMatchObject({ ok: true, value: { answer: '85' } });
    expect(kept).toEqual([answered.ok ? answered.value : null]);
    expect(busy).toEqual([true, false]);
    expect(counts.get('tokens')).toBe(4);
    expect(counts.get('rounds')).toBe(1);
    expect(counts.get('errors')).toBeUndefined();
    expect(counts.get('membersThinking')).toBe(0);
    const states = events.flatMap((event) =>
      event.type === 'members-changed' ? [event.members.map((member) => member.state).join(' ')] : [],
    );
    expect([states[0], states.at(-1)]).toEqual(['absent absent', 'ready ready']);
    expect(states).toContain('thinking thinking');
  });

  it('counts a lost member, and the tokens it had said', async () => {
    const { service, counts, busy, pass } = serve({
      alder: { says: '123', fails: 'worker-lost' },
      birch: { says: '85', atMs: 30 },
    });
    const asked = service.ask(NEVER, 'What is 38 + 47?');
    await pass(100);
    expect(await asked).toMatchObject({ value: { outcome: 'partial' } });
    expect(counts.get('tokens')).toBe(5);
    expect(counts.get('errors')).toBe(1);
    expect(busy).toEqual([true, false]);
  });

  it('that is refused is an error, and keeps nothing; one that is taken back is none', async () => {
    const { service, counts, kept } = serve({});
    expect(await service.ask(NEVER, '')).toMatchObject({ error: { code: 'prompt-empty' } });
    expect(counts.get('errors')).toBe(1);
    const controller = new AbortController();
    controller.abort();
    expect(await service.ask(controller.signal, '1 + 1')).toMatchObject({ error: { code: 'cancelled' } });
    expect(counts.get('errors')).toBe(1);
    expect(kept).toEqual([]);
  });

  it('is stopped with what there is', async () => {
    const { service, pass } = serve({ alder: { says: '85' }, birch: { hangs: true } });
    const asked = service.ask(NEVER, 'What is 38 + 47?');
    await pass(50);
    service.stop('birch');
    await pass(5);
    expect(await asked).toMatchObject({ value: { answer: '85', missing: ['birch'] } });
  });
});

describe('the council’s description', () => {
  it('names the council once, however many ask for it', async () => {
    const { service, events } = serve({});
    await Promise.all([service.about(NEVER), service.about(NEVER), service.prepare(NEVER)]);
    await service.about(NEVER);
    expect(service.members()).toHaveLength(2);
    const appointed = events.filter(
      (event) =>
        event.type === 'members-changed' && event.members.every((member) => member.state === 'absent'),
    );
    expect(appointed).toHaveLength(1);
  });

  it('that cannot be fetched is a typed failure, and is tried again', async () => {
    const { service } = serve({});
    status = 500;
    expect(await service.prepare(NEVER)).toMatchObject({ error: { code: 'model-fetch-failed' } });
    expect(await service.restart('alder')).toMatchObject({ error: { code: 'model-fetch-failed' } });
    status = 200;
    const before = fetches;
    expect(await service.prepare(NEVER)).toMatchObject({ ok: true });
    expect(fetches).toBe(before + 1);
  });

  it('limits the question so that question and longest answer fit into the smallest context', async () => {
    const { service } = serve({});
    expect(service.promptLimit()).toBe(140);
    await service.about(NEVER);
    expect(service.promptLimit() + 112 + 4).toBe(256);
  });
});

it('a listener that has left hears nothing more', async () => {
  const { service } = serve({});
  const listener = vi.fn();
  service.subscribe(listener)();
  await service.about(NEVER);
  expect(listener).not.toHaveBeenCalled();
});
