import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '#kernel/result';
import type { RoundEvent } from '#contracts/council';
import type { Deliberation } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import type { MetricId } from '#contracts/metrics';
import type { ResponseCacheStats } from '#contracts/response-cache';
import { cacheQuestion, type CacheSeat } from '../../../src/app/cache-question.ts';
import { ResponseCacheService, type CachedAsking } from '../../../src/app/response-cache-service.ts';
import type { CacheQuestion } from '../../../src/council/cache/cache-key.ts';
import { DeliberationStore } from '../../../src/storage/deliberation-store.ts';
import { ResponseStore } from '../../../src/storage/response-store.ts';
import { ResponseSwitch } from '../../../src/storage/response-switch.ts';
import { deliberation } from '../../fakes/deliberations.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';
import { turn } from '../../fakes/turn.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const PROMPT = deliberation('x', 1).prompt;
const NEVER = new AbortController().signal;

const seat = (id: string, revision: string | null = 'r1'): CacheSeat => ({
  id,
  name: id,
  backend: 'cpu',
  accuracy: 0.8,
  model: { engine: 'wllama', backend: 'cpu', id: `model-${id}`, revision, contextTokens: 256 },
});
const ABSTAIN = 'no';
const question = (prompt = PROMPT, seats = [seat('alder'), seat('birch')]): CacheQuestion | null =>
  cacheQuestion(prompt, {}, seats, ABSTAIN);

let clock: VirtualClock;
let asked: number;
let events: RoundEvent[];
let metrics: Map<MetricId, number>;
let service: ResponseCacheService;
let store: ResponseStore;
let offline: boolean;
let chosen: ResponseSwitch;

beforeEach(async () => {
  emptyStorage();
  clock = new VirtualClock();
  asked = 0;
  events = [];
  metrics = new Map();
  offline = false;
  const database = await openedDatabase();
  store = new ResponseStore(clock, database);
  chosen = new ResponseSwitch(database);
  let ids = 0;
  service = new ResponseCacheService({
    clock,
    metrics: {
      add: (id, by) => {
        metrics.set(id, (metrics.get(id) ?? 0) + by);
      },
      set: (id, value) => {
        metrics.set(id, value);
      },
    },
    newId: () => `new-${String((ids += 1))}`,
    open: async () => {
      if (offline) throw new TypeError('Failed to fetch');
      return store;
    },
    chosen: async () => chosen,
    emit: (event) => events.push(event),
  });
});

const asking = (more: Partial<CachedAsking> = {}, record: Partial<Deliberation> = {}): CachedAsking => ({
  question: () => question(),
  ask: async () => {
    asked += 1;
    return ok(deliberation(`round-${String(asked)}`, clock.epochMs(), record));
  },
  ...more,
});

async function answer(
  more: Partial<CachedAsking> = {},
  record: Partial<Deliberation> = {},
): Promise<Deliberation> {
  const outcome = await service.ask(NEVER, asking(more, record));
  if (!outcome.ok) throw new Error(outcome.error.code);
  return outcome.value;
}

async function stats(): Promise<ResponseCacheStats> {
  const outcome = await service.stats();
  if (!outcome.ok) throw new Error(outcome.error.code);
  return outcome.value;
}

describe('the same question again', () => {
  it('is answered from the cache, marked, and told as a round', async () => {
    const first = await answer();
    clock.advance(60_000);
    const second = await answer({ threadId: 't' });
    expect(asked).toBe(1);
    expect(first.cached).toBeUndefined();
    expect(second).toMatchObject({
      id: 'new-1',
      answer: '85',
      threadId: 't',
      cached: { roundId: 'round-1', ageMs: 60_000 },
    });
    expect(events.map(({ type }) => type).at(-1)).toBe('round-ended');
    expect(events.every(({ roundId }) => roundId === 'new-1')).toBe(true);
    expect(await stats()).toMatchObject({ hits: 1, misses: 1, stored: 1, entries: 1, persistent: true });
    expect([metrics.get('cacheHits'), metrics.get('cacheMisses')]).toEqual([1, 1]);
    expect(metrics.get('cacheSize')).toBeGreaterThan(0);
  });

  it('is asked when it differs in anything the answer depends on', async () => {
    await answer();
    await answer({ question: () => question('What is 38 + 48?') }, { prompt: 'What is 38 + 48?' });
    await answer({ question: () => question(PROMPT, [seat('alder', 'r2'), seat('birch')]) });
    await answer({ question: () => question(PROMPT, [seat('alder')]) });
    expect(asked).toBe(4);
    await answer({ question: () => question(`  ${PROMPT}\n`) });
    expect(asked).toBe(4); // typed otherwise, and the same
  });

  it('is asked afresh when that is wished, and that answer takes the place of the old', async () => {
    await answer();
    expect(await answer({ fresh: true })).toMatchObject({ id: 'round-2' });
    expect(await answer()).toMatchObject({ cached: { roundId: 'round-2' } });
    expect(asked).toBe(2);
    expect((await stats()).bypassed).toBe(1);
  });

  it('at the same time is one round', async () => {
    let end: (record: Outcome<Deliberation>) => void = () => undefined;
    const slow = asking({
      ask: () => {
        asked += 1;
        return new Promise((resolve) => {
          end = resolve;
        });
      },
    });
    const all = [1, 2, 3].map(() => service.ask(NEVER, slow));
    while (asked === 0) await turn();
    while ((await stats()).shared < 2) await turn();
    end(ok(deliberation('only', 1)));
    const answers = await Promise.all(all);
    expect(answers.map((outcome) => outcome.ok && outcome.value.id)).toEqual(['only', 'only', 'only']);
    expect(asked).toBe(1);
    expect(await stats()).toMatchObject({ misses: 1, shared: 2, stored: 1 });
  });
});

describe('what is not kept', () => {
  it('is an answer that depends on more than its question', async () => {
    await answer({}, { outcome: 'partial', missing: ['birch'] });
    await answer();
    expect(asked).toBe(2);
    expect(await stats()).toMatchObject({ unfit: 1, stored: 1 });
  });

  it('is a failure', async () => {
    const failing = asking({ ask: async () => err(failure('council-unavailable')) });
    expect(await service.ask(NEVER, failing)).toMatchObject({ error: { code: 'council-unavailable' } });
    expect(await stats()).toMatchObject({ entries: 0, stored: 0 });
  });

  it('is an answer of other members than were meant: one moved down its ladder meanwhile', async () => {
    let revision = 'r1';
    const moving = asking({
      question: () => question(PROMPT, [seat('alder', revision), seat('birch')]),
      ask: async () => {
        asked += 1;
        revision = 'r2';
        return ok(deliberation('a', 1));
      },
    });
    await service.ask(NEVER, moving);
    expect(await stats()).toMatchObject({ unfit: 1, entries: 0 });
  });

  it('is what a server or an unknown model said', async () => {
    for (const seats of [[seat('alder', null)], [{ ...seat('far'), backend: 'remote' as const }]]) {
      const options = { allowRemote: true };
      const unkept = { question: () => cacheQuestion(PROMPT, options, seats, ABSTAIN) };
      await answer(unkept);
      await answer(unkept);
    }
    expect(asked).toBe(4);
    expect(await stats()).toMatchObject({ bypassed: 4, hits: 0, misses: 0 });
  });
});

describe('what is forgotten', () => {
  it('is every answer of a model that goes, of a round that is removed, or all', async () => {
    await answer();
    await service.forgetModel('model-cedar');
    expect((await stats()).entries).toBe(1);
    await service.forgetModel('model-birch');
    expect((await stats()).entries).toBe(0);
    await answer();
    await service.forgetRound('round-2');
    expect((await stats()).entries).toBe(0);
    await answer();
    const history = new DeliberationStore(null);
    await history.put(deliberation('repeats', 1, { cached: { roundId: 'round-3', storedAt: 1, ageMs: 1 } }));
    await service.forgetRecord(history, 'another');
    expect((await stats()).entries).toBe(1);
    await service.forgetRecord(history, 'repeats'); // it is that round's answer
    expect((await stats()).entries).toBe(0);
    await answer();
    await service.clear();
    expect(await stats()).toMatchObject({ entries: 0, invalidated: 4 });
    await answer();
    expect(asked).toBe(5);
  });
});

describe('a cache that fails', () => {
  it('costs no answer: its code is not there', async () => {
    offline = true;
    expect(await answer()).toMatchObject({ answer: '85' });
    expect(await answer()).toMatchObject({ answer: '85' });
    expect(asked).toBe(2);
    expect(await service.stats()).toMatchObject({ error: { code: 'storage-unavailable' } });
  });

  it('costs no answer: its database is gone', async () => {
    const database = await openedDatabase();
    store = new ResponseStore(clock, database);
    database.close();
    expect(await answer()).toMatchObject({ answer: '85' });
    // From here on it lives in memory.
    expect(await answer()).toMatchObject({ cached: { roundId: 'round-1' } });
    expect(await stats()).toMatchObject({ persistent: false, failed: 1 });
  });

  it('costs no answer, and no time: its database is stuck, before the round and after it', async () => {
    const stuck = new Promise<never>(() => undefined);
    store = { counts: store.counts, get: () => stuck, put: () => stuck, size: () => stuck } as never;
    const waiting = service.ask(NEVER, asking());
    while (asked === 0) {
      await turn();
      clock.advance(100);
    }
    await turn();
    clock.advance(500);
    expect(await waiting).toMatchObject({ value: { id: 'round-1' } });
  });

  it('costs no answer: what it has is damaged', async () => {
    await answer();
    const database = await openedDatabase();
    const [key = ''] = await database.getAllKeys('responses');
    await database.put('response-bodies', { schema: 'witan.deliberation', answer: 'another' }, key);
    expect(await answer()).toMatchObject({ id: 'round-2' });
    expect(await answer()).toMatchObject({ cached: { roundId: 'round-2' } });
    expect(await stats()).toMatchObject({ damaged: 1 });
  });

  it('tells the board of what it gave up', async () => {
    store = new ResponseStore(clock, null, { maxBytes: 1_000_000, maxEntries: 1, ttlMs: 1_000 });
    await answer();
    await answer({ question: () => question('Another?') }, { prompt: 'Another?' });
    expect(metrics.get('cacheEvictions')).toBe(1);
    clock.advance(2_000);
    await answer({ question: () => question('Another?') }, { prompt: 'Another?' });
    expect(metrics.get('cacheExpired')).toBe(1);
  });
});

describe('the switch', () => {
  it('turned off, forgets all, keeps nothing and answers nothing, in every tab', async () => {
    await answer();
    expect(await service.setEnabled(false)).toEqual(ok(null));
    expect(await stats()).toMatchObject({ enabled: false, entries: 0, invalidated: 1 });
    await answer();
    await answer();
    expect(asked).toBe(3);
    expect(await stats()).toMatchObject({ bypassed: 2, entries: 0 });
    const elsewhere = new ResponseSwitch(await openedDatabase());
    expect(await elsewhere.isOn()).toBe(false);
    await elsewhere.set(true);
    await answer();
    expect(await answer()).toHaveProperty('cached');
    expect(await stats()).toMatchObject({ enabled: true, sinceMs: clock.epochMs() });
  });

  it('turned off while the members think, keeps nothing of what they say', async () => {
    await answer({
      ask: async () => {
        await service.setEnabled(false);
        return ok(deliberation('late', 1));
      },
    });
    expect(await stats()).toMatchObject({ entries: 0, stored: 0, unfit: 0 });
  });

  it('that nobody can read in time leaves the question to the members', async () => {
    chosen = { isOn: () => new Promise<boolean>(() => undefined) } as ResponseSwitch;
    const waiting = service.ask(NEVER, asking());
    await turn();
    clock.advance(500);
    expect(await waiting).toMatchObject({ value: { id: 'round-1' } });
  });
});

describe('two tabs', () => {
  it('answer what the other was asked, and forget what it forgets', async () => {
    await answer();
    const database = await openedDatabase();
    const other = new ResponseCacheService({
      clock,
      metrics: { add: () => undefined, set: () => undefined },
      newId: () => 'other',
      open: async () => new ResponseStore(clock, database),
      chosen: async () => new ResponseSwitch(database),
      emit: () => undefined,
    });
    expect(await other.ask(NEVER, asking())).toMatchObject({ value: { cached: { roundId: 'round-1' } } });
    expect(await other.forgetRound('round-1')).toEqual(ok(null));
    expect(await answer()).toMatchObject({ id: 'round-2' });
  });
});

it('whoever gave up before the answer was found hears so', async () => {
  await answer();
  const gone = new AbortController();
  const waiting = service.ask(gone.signal, asking());
  gone.abort();
  expect(await waiting).toMatchObject({ error: { code: 'cancelled' } });
});
