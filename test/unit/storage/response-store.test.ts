import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Deliberation } from '#contracts/deliberation';
import type { Outcome } from '#contracts/errors';
import type { WitanDatabase } from '../../../src/storage/database.ts';
import { ResponseStore, type ResponseLimits } from '../../../src/storage/response-store.ts';
import { deliberation } from '../../fakes/deliberations.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const DAY_MS = 86_400_000;
const LIMITS: ResponseLimits = { maxBytes: 1_000_000, maxEntries: 100, ttlMs: 7 * DAY_MS };
const PROMPT = deliberation('x', 1).prompt;
const sizeOf = (record: Deliberation): number => new TextEncoder().encode(JSON.stringify(record)).length;
const EACH = sizeOf(deliberation('a', 1));

let clock: VirtualClock;
beforeEach(() => {
  emptyStorage();
  clock = new VirtualClock();
});

function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.error.code);
  return outcome.value;
}

async function keys(store: ResponseStore, candidates: readonly string[]): Promise<string> {
  let found = '';
  for (const key of candidates) if (valueOf(await store.get(key, PROMPT)) !== null) found += key;
  return found;
}

describe.each(['with a database', 'without one'])('kept answers %s', (where) => {
  let database: WitanDatabase | null;
  beforeEach(async () => {
    database = where === 'with a database' ? await openedDatabase() : null;
  });
  const opened = (limits: Partial<ResponseLimits> = {}): ResponseStore =>
    new ResponseStore(clock, database, { ...LIMITS, ...limits });

  it('come back as they were, with the time at which they were stored', async () => {
    const store = opened();
    expect(store.persistent).toBe(database !== null);
    const record = deliberation('a', 5, { answer: 'Grüße' });
    expect(await store.put('k', record, ['alder'])).toEqual({ ok: true, value: null });
    clock.advance(1_000);
    expect(valueOf(await store.get('k', PROMPT))).toEqual({
      record,
      storedAt: clock.epochMs() - 1_000,
    });
    expect(valueOf(await store.get('other', PROMPT))).toBeNull();
    expect(valueOf(await store.size())).toEqual({ entries: 1, bytes: sizeOf(record) });
  });

  it('are gone when they are too old, and are counted once', async () => {
    const store = opened();
    await store.put('k', deliberation('a', 1), []);
    clock.advance(7 * DAY_MS);
    expect(valueOf(await store.get('k', PROMPT))).not.toBeNull();
    clock.advance(1);
    expect(valueOf(await store.get('k', PROMPT))).toBeNull();
    expect(valueOf(await store.get('k', PROMPT))).toBeNull();
    expect(store.counts.expired).toBe(1);
    expect(valueOf(await store.size()).entries).toBe(0);
  });

  it('outlive a small step of the clock backwards, and not one that makes their age unknown', async () => {
    const store = opened();
    await store.put('k', deliberation('a', 1), []);
    clock.setEpoch(clock.epochMs() - 60_000);
    expect(valueOf(await store.get('k', PROMPT))).not.toBeNull();
    clock.setEpoch(clock.epochMs() - DAY_MS);
    expect(valueOf(await store.get('k', PROMPT))).toBeNull();
    expect(store.counts.expired).toBe(1);
  });

  it('give way by their last use, also while the clock stands or goes back', async () => {
    const store = opened({ maxBytes: 3 * EACH });
    for (const key of ['a', 'b', 'c']) await store.put(key, deliberation('a', 1), []);
    clock.setEpoch(clock.epochMs() - 10_000);
    await store.get('a', PROMPT);
    await store.put('d', deliberation('a', 1), []);
    expect(store.counts.evicted).toBe(1);
    expect(await keys(store, ['a', 'b', 'c', 'd'])).toBe('acd');
  });

  it('are replaced under the same key without anybody giving way', async () => {
    const store = opened({ maxBytes: 2 * EACH });
    await store.put('a', deliberation('a', 1), []);
    await store.put('b', deliberation('a', 1), []);
    await store.put('b', deliberation('b', 1), []);
    expect(await keys(store, ['a', 'b'])).toBe('ab');
    expect(valueOf(await store.get('b', PROMPT))?.record.id).toBe('b');
    expect(store.counts.evicted).toBe(0);
  });

  it('are bounded in number too, and one that is larger than all room is not kept', async () => {
    const store = opened({ maxEntries: 2 });
    for (const key of ['a', 'b', 'c']) await store.put(key, deliberation('a', 1), []);
    expect(await keys(store, ['a', 'b', 'c'])).toBe('bc');
    const small = opened({ maxBytes: EACH - 1 });
    await small.invalidate(() => true);
    expect(await small.put('a', deliberation('a', 1), [])).toEqual({ ok: true, value: null });
    expect(valueOf(await small.size()).entries).toBe(0);
    expect(small.counts.failed).toBe(1);
  });

  it('are forgotten by model and by round', async () => {
    const store = opened();
    await store.put('a', deliberation('r1', 1), ['alder', 'birch']);
    await store.put('b', deliberation('r2', 1), ['cedar']);
    await store.put('c', deliberation('r3', 1), ['birch']);
    await store.invalidate(({ models }) => models.includes('birch'));
    expect(await keys(store, ['a', 'b', 'c'])).toBe('b');
    await store.invalidate(({ roundId }) => roundId === 'r2');
    expect(await keys(store, ['a', 'b', 'c'])).toBe('');
    expect(store.counts.invalidated).toBe(3);
  });

  it('of another question under the same key are damage', async () => {
    const store = opened();
    await store.put('k', deliberation('a', 1), []);
    expect(valueOf(await store.get('k', 'What is 38 + 48?'))).toBeNull();
    expect(store.counts.damaged).toBe(1);
    expect(valueOf(await store.get('k', PROMPT))).toBeNull();
  });

  it('refuses what it could never read again', async () => {
    const store = opened();
    const broken = { ...deliberation('a', 1), agreement: 2 };
    expect(await store.put('k', broken, [])).toMatchObject({ error: { code: 'record-invalid' } });
  });

  it('never takes more room than it has, whatever comes (1,000 steps)', async () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      act: fc.constantFrom('put', 'put', 'get', 'wait', 'back'),
      words: fc.integer({ min: 0, max: 400 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 25 }), async (steps) => {
        if (database !== null) database.close();
        emptyStorage();
        database = database === null ? null : await openedDatabase();
        const limits = { maxBytes: 3 * EACH, maxEntries: 3, ttlMs: 10_000 };
        const store = opened(limits);
        const model = new Map<string, string>();
        for (const { key, act, words } of steps) {
          if (act === 'wait') clock.advance(4_000);
          if (act === 'back') clock.setEpoch(clock.epochMs() - 2_000);
          if (act === 'put') {
            const record = deliberation(`${key}${String(words)}`, 1, { answer: 'é'.repeat(words) });
            await store.put(key, record, []);
            if (sizeOf(record) <= limits.maxBytes) model.set(key, record.id);
          }
          const found = valueOf(await store.get(key, PROMPT));
          // Whatever is found is the newest that was kept under the key.
          if (found !== null) expect(found.record.id).toBe(model.get(key));
          if (act === 'put' && model.get(key)?.endsWith(String(words)) === true) expect(found).not.toBeNull();
          const { entries, bytes } = valueOf(await store.size());
          expect(bytes).toBeLessThanOrEqual(limits.maxBytes);
          expect(entries).toBeLessThanOrEqual(limits.maxEntries);
        }
      }),
      { numRuns: 50, seed: 7 },
    );
  });
});

describe('a database with damage in it', () => {
  it('loses what cannot be read, counts it, and nothing else', async () => {
    const database = await openedDatabase();
    const store = new ResponseStore(clock, database, LIMITS);
    for (const key of ['a', 'b', 'c', 'd']) await store.put(key, deliberation('a', 1), []);
    await database.put('response-bodies', { no: 'record' }, 'a');
    await database.delete('response-bodies', 'b');
    await database.put('responses', 'no header', 'c');
    expect(await keys(store, ['a', 'b', 'c', 'd'])).toBe('d');
    expect(store.counts.damaged).toBe(3);
    expect(await database.getAllKeys('responses')).toEqual(['d']);
    expect(await database.getAllKeys('response-bodies')).toEqual(['d']);
  });

  it('is cleared of damaged headers with the next write', async () => {
    const database = await openedDatabase();
    const store = new ResponseStore(clock, database, LIMITS);
    await database.put('responses', { version: 9 }, 'old');
    await database.put('response-bodies', {}, 'old');
    await store.put('a', deliberation('a', 1), []);
    expect(await database.getAllKeys('responses')).toEqual(['a']);
    expect(await database.getAllKeys('response-bodies')).toEqual(['a']);
    expect(store.counts.damaged).toBe(1);
  });
});

it('two tabs that write at once keep to the bound together', async () => {
  const limits = { ...LIMITS, maxBytes: 5 * EACH };
  const tabs = [await openedDatabase(), await openedDatabase()].map(
    (database) => new ResponseStore(clock, database, limits),
  );
  await Promise.all(
    Array.from({ length: 20 }, async (_, n) => tabs[n % 2]?.put(`k${String(n)}`, deliberation('a', 1), [])),
  );
  for (const tab of tabs) expect(valueOf(await tab.size())).toEqual({ entries: 5, bytes: 5 * EACH });
  expect((tabs[0]?.counts.evicted ?? 0) + (tabs[1]?.counts.evicted ?? 0)).toBe(15);
});

describe('a database that refuses', () => {
  /** Its next transactions for writing are aborted as on a full disk, once something is put. */
  function full(database: WitanDatabase): { isFull: boolean; readonly database: WitanDatabase } {
    const state = {
      isFull: true,
      database: new Proxy(database, {
        get: (target, name): unknown => {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          const bound = (member as (...given: unknown[]) => unknown).bind(target);
          if (name !== 'transaction') return bound;
          return (...given: unknown[]) => {
            const transaction = bound(...given) as object;
            return new Proxy(transaction, {
              get: (inner, what): unknown => {
                const part: unknown = Reflect.get(inner, what);
                if (what !== 'objectStore') return part;
                return (store: string) => {
                  const opened = (part as (name: string) => object).call(inner, store);
                  return new Proxy(opened, {
                    get: (objects, action): unknown => {
                      const does: unknown = Reflect.get(objects, action);
                      if (action === 'put' && state.isFull)
                        return () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
                      return typeof does === 'function' ? (does as () => unknown).bind(objects) : does;
                    },
                  });
                };
              },
            });
          };
        },
      }),
    };
    return state;
  }

  it('for want of room gets all the room of the cache back', async () => {
    const state = full(await openedDatabase());
    state.isFull = false;
    const store = new ResponseStore(clock, state.database, LIMITS);
    await store.put('a', deliberation('a', 1), []);
    state.isFull = true;
    expect(await store.put('b', deliberation('b', 1), [])).toMatchObject({
      error: { code: 'storage-full', cause: 'QuotaExceededError: full' },
    });
    expect(valueOf(await store.size())).toEqual({ entries: 0, bytes: 0 });
    expect(store.counts).toMatchObject({ evicted: 1, failed: 1 });
  });

  it('because its connection was closed for good goes on in memory', async () => {
    const database = await openedDatabase();
    const store = new ResponseStore(clock, database, LIMITS);
    database.close();
    expect(await store.get('a', PROMPT)).toMatchObject({ error: { code: 'storage-failed' } });
    expect(store.persistent).toBe(false);
    expect(await store.put('a', deliberation('a', 1), [])).toEqual({ ok: true, value: null });
    expect(valueOf(await store.get('a', PROMPT))).not.toBeNull();
  });
});
