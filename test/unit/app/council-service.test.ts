import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { CouncilEvent } from '#contracts/council';
import type { AskOptions, Deliberation } from '#contracts/deliberation';
import type { MetricId } from '#contracts/metrics';
import { openRound } from '../../../src/council/open-round.ts';
import { CouncilService, type CouncilServicePorts } from '../../../src/app/council-service.ts';
import { ResponseCacheService } from '../../../src/app/response-cache-service.ts';
import { starterMembers } from '../../../src/app/starter-members.ts';
import { StarterCatalogue } from '../../../src/app/starter-catalogue.ts';
import { ResponseStore } from '../../../src/storage/response-store.ts';
import { ResponseSwitch } from '../../../src/storage/response-switch.ts';
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

function serve(scripts: Readonly<Record<string, Script>>, responses?: CouncilServicePorts['responses']) {
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
    ...(responses === undefined ? {} : { responses }),
  });
  service.subscribe((event) => events.push(event));
  const pass = async (forMs: number): Promise<void> => {
    await turn();
    for (let passed = 0; passed < forMs; passed += 5) {
      clock.advance(5);
      await turn();
    }
  };
  return { service, clock, counts, busy, kept, events, pass };
}

/** A council with a cache in this tab's memory. */
function serveWithCache(scripts: Readonly<Record<string, Script>>) {
  const open = (): Promise<ResponseCacheService> => Promise.resolve(cache);
  const served = serve(scripts, open);
  const { clock, service } = served;
  const store = new ResponseStore(clock, null);
  const chosen = new ResponseSwitch(null);
  let ids = 0;
  const cache = new ResponseCacheService({
    clock,
    metrics: { add: () => undefined, set: () => undefined },
    newId: () => `cached-${String((ids += 1))}`,
    open: () => Promise.resolve(store),
    chosen: () => Promise.resolve(chosen),
    emit: (event) => {
      service.announce(event);
    },
  });
  const ask = async (prompt: string, options?: AskOptions): Promise<Outcome<Deliberation>> => {
    let answered: Outcome<Deliberation> | null = null;
    const asked = service.ask(NEVER, prompt, options).then((outcome) => {
      answered = outcome;
      return outcome;
    });
    // The hash of the question takes its own real time.
    while (answered === null) await served.pass(5);
    return asked;
  };
  return { ...served, cache, ask };
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

describe('the same question again', () => {
  const QUESTION = 'What is 38 + 47?';
  const AGREED = { alder: { says: '85' }, birch: { says: '85' } };

  it('is answered by nobody, told to the page, kept and marked', async () => {
    const { ask, counts, kept, events } = serveWithCache(AGREED);
    const first = await ask(QUESTION);
    const second = await ask(` ${QUESTION} `, { threadId: 'talk' });
    expect(first).not.toHaveProperty('value.cached');
    expect(second).toMatchObject({
      value: { id: 'cached-1', answer: '85', threadId: 'talk', cached: {} },
    });
    expect(kept.map(({ id }) => id)).toEqual([first.ok ? first.value.id : '', 'cached-1']);
    expect(counts.get('rounds')).toBe(1);
    expect(counts.get('tokens')).toBe(4);
    const heard = events.flatMap((event) =>
      event.type !== 'members-changed' && event.roundId === 'cached-1' ? [event.type] : [],
    );
    expect(heard).toEqual(['round-started', 'member-ended', 'member-ended', 'round-decided', 'round-ended']);
  });

  it('is asked where that is wished, where it is another, and once it is forgotten', async () => {
    const { ask, cache, counts } = serveWithCache(AGREED);
    await ask(QUESTION);
    expect(await ask(QUESTION, { fresh: true })).not.toHaveProperty('value.cached');
    await ask(QUESTION, { members: ['alder'] });
    await ask(QUESTION, { seed: 2 });
    expect(counts.get('rounds')).toBe(4);
    const again = await ask(QUESTION);
    expect(again).toHaveProperty('value.cached');
    await cache.forgetRound(again.ok ? (again.value.cached?.roundId ?? '') : '');
    expect(await ask(QUESTION)).not.toHaveProperty('value.cached');
    expect(counts.get('rounds')).toBe(5);
  });

  it('is asked while not all had answered', async () => {
    const { ask, counts } = serveWithCache({ alder: { says: '85' }, birch: { fails: 'worker-lost' } });
    await ask(QUESTION);
    await ask(QUESTION);
    expect(counts.get('rounds')).toBe(2);
  });

  it('is refused as ever when it names somebody who is no member', async () => {
    const { ask } = serveWithCache(AGREED);
    await ask(QUESTION);
    expect(await ask(QUESTION, { members: ['alder', 'nobody'] })).toMatchObject({
      error: { code: 'member-unknown' },
    });
    expect(await ask('')).toMatchObject({ error: { code: 'prompt-empty' } });
  });

  it('names the weights that spoke', async () => {
    const { ask } = serveWithCache(AGREED);
    expect(await ask(QUESTION)).toMatchObject({
      value: { members: [{ model: { engine: 'wllama', id: 'alder' } }, { model: { id: 'birch' } }] },
    });
  });

  it.each([
    ['cannot be fetched', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['does not come', () => new Promise<never>(() => undefined)],
  ])('is simply asked while the code of the cache %s', async (_why, open) => {
    const { service, counts, pass } = serve(AGREED, open);
    for (let n = 0; n < 2; n += 1) {
      const asked = service.ask(NEVER, QUESTION);
      await pass(600);
      expect(await asked).toMatchObject({ ok: true, value: { answer: '85' } });
    }
    expect(counts.get('rounds')).toBe(2);
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
