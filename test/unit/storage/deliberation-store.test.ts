import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Deliberation } from '#contracts/deliberation';
import { openWitanDatabase, type WitanDatabase } from '../../../src/storage/database.ts';
import { DeliberationStore } from '../../../src/storage/deliberation-store.ts';
import { deliberation } from '../../fakes/deliberations.ts';

async function open(): Promise<WitanDatabase> {
  const opened = await openWitanDatabase({ onLost: () => undefined });
  if (!opened.ok) throw new Error('the database did not open');
  return opened.value;
}

async function ids(store: DeliberationStore, limit = 50): Promise<readonly string[]> {
  const listed = await store.list(limit);
  if (!listed.ok) throw new Error(listed.error.code);
  return listed.value.map((record) => record.id);
}

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});

describe.each(['with a database', 'without one'])('the history %s', (where) => {
  let store: DeliberationStore;
  beforeEach(async () => {
    store = new DeliberationStore(where === 'with a database' ? await open() : null);
  });

  it('says whether it outlives the tab', () => {
    expect(store.persistent).toBe(where === 'with a database');
  });

  it('lists the newest first, at most as many as wanted', async () => {
    for (const [id, askedAt] of [
      ['b', 200],
      ['c', 300],
      ['a', 100],
    ] as const) {
      expect(await store.put(deliberation(id, askedAt))).toEqual({ ok: true, value: null });
    }
    expect(await ids(store)).toEqual(['c', 'b', 'a']);
    expect(await ids(store, 2)).toEqual(['c', 'b']);
    expect(await ids(store, 0)).toEqual([]);
  });

  it('gives a record back as it was', async () => {
    const record = deliberation('a', 100, { prompt: 'Grüße, 日本, \u0000?', frames: null });
    await store.put(record);
    expect(await store.get('a')).toEqual({ ok: true, value: record });
  });

  it('replaces a record of the same id', async () => {
    await store.put(deliberation('a', 100, { answer: '1' }));
    await store.put(deliberation('a', 100, { answer: '2' }));
    expect(await ids(store)).toEqual(['a']);
    expect(await store.get('a')).toMatchObject({ value: { answer: '2' } });
  });

  it('keeps a rating', async () => {
    await store.put(deliberation('a', 100));
    expect(await store.rate('a', 'bad')).toMatchObject({ ok: true, value: { rating: 'bad' } });
    expect(await store.rate('a', 'good')).toMatchObject({ value: { rating: 'good' } });
    expect(await store.get('a')).toMatchObject({ value: { rating: 'good' } });
  });

  it('does not know what is not there', async () => {
    expect(await store.get('nobody')).toMatchObject({ ok: false, error: { code: 'record-invalid' } });
    expect(await store.rate('nobody', 'good')).toMatchObject({
      ok: false,
      error: { code: 'record-invalid' },
    });
    expect(await ids(store)).toEqual([]);
  });

  it('removes', async () => {
    await store.put(deliberation('a', 100));
    await store.put(deliberation('b', 200));
    expect(await store.remove('a')).toEqual({ ok: true, value: null });
    expect(await store.remove('a')).toEqual({ ok: true, value: null });
    expect(await ids(store)).toEqual(['b']);
  });
});

describe('records that do not parse', () => {
  it('are left out and left untouched', async () => {
    const database = await open();
    const store = new DeliberationStore(database);
    const newer = { ...deliberation('newer', 500), version: 2, extra: true };
    const broken = { id: 'broken', askedAt: 400 };
    await database.put('deliberations', newer, 'newer');
    await database.put('deliberations', broken, 'broken');
    await database.put('deliberations', 'no record at all', 'text');
    await store.put(deliberation('a', 100));
    expect(await ids(store)).toEqual(['a']);
    expect(await ids(store, 1)).toEqual(['a']);
    expect(await store.get('newer')).toMatchObject({
      error: { code: 'record-invalid', details: { path: 'version' } },
    });
    expect(await store.rate('newer', 'good')).toMatchObject({ ok: false });
    expect(await database.get('deliberations', 'newer')).toEqual(newer);
    expect(await database.get('deliberations', 'broken')).toEqual(broken);
  });
});

it('two tabs at once see each other’s rounds and lose none', async () => {
  const [first, second] = [new DeliberationStore(await open()), new DeliberationStore(await open())];
  await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      (n % 2 === 0 ? first : second).put(deliberation(`round-${String(n)}`, n)),
    ),
  );
  for (const tab of [first, second]) {
    const seen = await ids(tab, 100);
    expect(seen).toHaveLength(40);
    expect(seen[0]).toBe('round-39');
  }
});

describe('a database that fails', () => {
  /** A database whose next write is refused, as on a full disk. */
  function refusing(database: WitanDatabase): { refuse: boolean; readonly database: WitanDatabase } {
    const state = {
      refuse: false,
      database: new Proxy(database, {
        get: (target, name): unknown => {
          if (name === 'put' && state.refuse) {
            return () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
          }
          const member: unknown = Reflect.get(target, name);
          return typeof member === 'function' ? (member as () => unknown).bind(target) : member;
        },
      }),
    };
    return state;
  }

  it('keeps the record in memory, and says that it was not stored', async () => {
    const state = refusing(await open());
    const store = new DeliberationStore(state.database);
    await store.put(deliberation('a', 100));
    state.refuse = true;
    expect(await store.put(deliberation('b', 200))).toMatchObject({
      ok: false,
      error: { code: 'storage-failed', cause: 'QuotaExceededError: full' },
    });
    expect(await ids(store)).toEqual(['b', 'a']);
    expect(await store.get('b')).toMatchObject({ ok: true });
    expect(await ids(store, 1)).toEqual(['b']);
  });

  it('goes on in memory when the connection was closed for good', async () => {
    const database = await open();
    const store = new DeliberationStore(database);
    await store.put(deliberation('a', 100));
    database.close();
    expect(await store.put(deliberation('b', 200))).toMatchObject({ error: { code: 'storage-failed' } });
    expect(store.persistent).toBe(false);
    expect(await ids(store)).toEqual(['b']);
    const later: Deliberation = deliberation('c', 300);
    expect(await store.put(later)).toEqual({ ok: true, value: null });
    expect(await ids(store)).toEqual(['c', 'b']);
  });
});
