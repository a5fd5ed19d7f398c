import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { PREDICTIONS_KEPT, PredictionStore } from '../../../src/storage/prediction-store.ts';
import { decodeVerdict } from '../../fakes/prediction-verdicts.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';

const at = (atMs: number) => decodeVerdict(1, atMs);

async function timesOf(store: PredictionStore): Promise<number[]> {
  const listed = await store.list();
  if (!listed.ok) throw new Error(listed.error.code);
  return listed.value.map(({ atMs }) => atMs);
}

beforeEach(() => {
  emptyStorage();
});

describe('PredictionStore in a database', () => {
  it('gives back all, whole, newest first, also to a later visit', async () => {
    const store = new PredictionStore(await openedDatabase());
    expect(await timesOf(store)).toEqual([]);
    expect(await store.add([at(5), { ...at(5), what: 'memory' }])).toEqual({ ok: true, value: null });
    await store.add([at(9)]);
    const later = new PredictionStore(await openedDatabase());
    expect(await later.list()).toEqual({ ok: true, value: [at(9), { ...at(5), what: 'memory' }, at(5)] });
    expect(later.persistent).toBe(true);
  });

  it('sorts by the time of the run where the clock was set back', async () => {
    const store = new PredictionStore(await openedDatabase());
    for (const atMs of [30, 10, 20]) await store.add([at(atMs)]);
    expect(await timesOf(store)).toEqual([30, 20, 10]);
  });

  it('lets go of the oldest beyond its number, and of no other', async () => {
    const database = await openedDatabase();
    const store = new PredictionStore(database);
    await store.add(Array.from({ length: PREDICTIONS_KEPT - 1 }, (_, index) => at(index)));
    expect(await database.count('predictions')).toBe(PREDICTIONS_KEPT - 1);
    await store.add([at(1000)]);
    expect(await database.count('predictions')).toBe(PREDICTIONS_KEPT);
    await store.add([at(1001), at(1002)]);
    expect(await database.count('predictions')).toBe(PREDICTIONS_KEPT);
    const times = await timesOf(store);
    expect(times.slice(0, 3)).toEqual([1002, 1001, 1000]);
    expect(times.at(-1)).toBe(2);
  });

  it('refuses all when one could never be read again', async () => {
    const database = await openedDatabase();
    const store = new PredictionStore(database);
    expect(await store.add([at(1), decodeVerdict(NaN, 2)])).toMatchObject({
      ok: false,
      error: { code: 'record-invalid' },
    });
    expect(await database.count('predictions')).toBe(0);
  });

  it('passes over a record that it cannot read, and leaves it there', async () => {
    const database = await openedDatabase();
    const store = new PredictionStore(database);
    await store.add([at(1)]);
    await database.add('predictions', { schema: 'witan.prediction-verdict', version: 99 });
    expect(await timesOf(store)).toEqual([1]);
    expect(await database.count('predictions')).toBe(2);
  });

  it('keeps in memory what could not be stored, and says that it was not', async () => {
    const database = await openedDatabase();
    const store = new PredictionStore(database);
    await store.add([at(1)]);
    database.close();
    expect(await store.add([at(2), at(3)])).toMatchObject({
      ok: false,
      error: { code: 'storage-failed', details: { store: 'predictions' } },
    });
    expect(await timesOf(store)).toEqual([3, 2]);
  });

  it('stores all of an answer or none', async () => {
    const database = await openedDatabase();
    const store = new PredictionStore(database);
    const written = vi.spyOn(IDBObjectStore.prototype, 'add');
    // The disk is full after the first.
    written.mockImplementationOnce(function (this: IDBObjectStore, value: unknown) {
      const request = this.put(value);
      request.addEventListener('success', () => {
        this.transaction.abort();
      });
      return request;
    });
    expect(await store.add([at(1), at(2)])).toMatchObject({ error: { code: 'storage-failed' } });
    written.mockRestore();
    expect(await database.count('predictions')).toBe(0);
    expect(await timesOf(store)).toEqual([2, 1]);
  });

  it('says when it cannot read', async () => {
    const database = await openedDatabase();
    database.close();
    expect(await new PredictionStore(database).list()).toMatchObject({
      ok: false,
      error: { code: 'storage-failed' },
    });
  });
});

describe('PredictionStore without a database', () => {
  it('remembers the newest as long as the tab lives', async () => {
    const store = new PredictionStore(null);
    expect(store.persistent).toBe(false);
    await store.add([at(1), at(2)]);
    expect(await timesOf(store)).toEqual([2, 1]);
    await store.add(Array.from({ length: PREDICTIONS_KEPT }, (_, index) => at(10 + index)));
    const times = await timesOf(store);
    expect(times).toHaveLength(PREDICTIONS_KEPT);
    expect(times.at(-1)).toBe(10);
  });

  it('takes nothing that is not a verdict', async () => {
    const store = new PredictionStore(null);
    expect(await store.add([decodeVerdict(-1, 1)])).toMatchObject({ error: { code: 'record-invalid' } });
    expect(await timesOf(store)).toEqual([]);
  });
});
