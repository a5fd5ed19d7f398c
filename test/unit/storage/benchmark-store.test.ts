import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it } from 'vitest';
import type { BenchResult } from '#contracts/bench';
import { BenchmarkStore } from '../../../src/storage/benchmark-store.ts';
import { openWitanDatabase, type WitanDatabase } from '../../../src/storage/database.ts';
import { typicalResult } from '../../fakes/bench-results.ts';

/** A result that can be told from the others by its day. */
function ofDay(day: number): BenchResult {
  const result = typicalResult();
  return { ...result, environment: { ...result.environment, day } };
}

async function daysOf(store: BenchmarkStore, limit: number): Promise<number[]> {
  const listed = await store.list(limit);
  if (!listed.ok) throw new Error(listed.error.code);
  return listed.value.map(({ environment }) => environment.day);
}

async function open(): Promise<WitanDatabase> {
  const opened = await openWitanDatabase({ onLost: () => undefined });
  if (!opened.ok) throw new Error(opened.error.code);
  return opened.value;
}

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

describe('BenchmarkStore in a database', () => {
  it('has nothing at first', async () => {
    const store = new BenchmarkStore(await open());
    expect(await store.latest()).toEqual({ ok: true, value: null });
    expect(await daysOf(store, 10)).toEqual([]);
    expect(store.persistent).toBe(true);
  });

  it('gives back the newest, whole, also to a later visit', async () => {
    const store = new BenchmarkStore(await open());
    for (const day of [5, 9, 7]) expect(await store.add(ofDay(day))).toEqual({ ok: true, value: null });
    const later = new BenchmarkStore(await open());
    expect(await later.latest()).toEqual({ ok: true, value: ofDay(7) });
    expect(await daysOf(later, 2)).toEqual([7, 9]);
  });

  it('passes over a record that it cannot read, and leaves it there', async () => {
    const database = await open();
    const store = new BenchmarkStore(database);
    await store.add(ofDay(1));
    await database.add('benchmarks', { schema: 'witan.bench', version: 99 });
    expect(await store.latest()).toEqual({ ok: true, value: ofDay(1) });
    expect(await database.count('benchmarks')).toBe(2);
  });

  it('keeps in memory what could not be stored, and says that it was not', async () => {
    const database = await open();
    const store = new BenchmarkStore(database);
    await store.add(ofDay(1));
    database.close();
    expect(await store.add(ofDay(2))).toMatchObject({ ok: false, error: { code: 'storage-failed' } });
    expect(await store.latest()).toEqual({ ok: true, value: ofDay(2) });
  });

  it('says when it cannot read', async () => {
    const database = await open();
    database.close();
    expect(await new BenchmarkStore(database).latest()).toMatchObject({
      ok: false,
      error: { code: 'storage-failed' },
    });
  });
});

describe('BenchmarkStore without a database', () => {
  it('remembers as long as the tab lives', async () => {
    const store = new BenchmarkStore(null);
    expect(await store.latest()).toEqual({ ok: true, value: null });
    await store.add(ofDay(1));
    await store.add(ofDay(2));
    expect(await store.latest()).toEqual({ ok: true, value: ofDay(2) });
    expect(await daysOf(store, 5)).toEqual([2, 1]);
    expect(await daysOf(store, 1)).toEqual([2]);
    expect(store.persistent).toBe(false);
  });
});
