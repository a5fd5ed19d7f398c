import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { openDB, type IDBPDatabase } from 'idb';
import { beforeEach, expect, it, vi } from 'vitest';
import { DATABASE_NAME, DATABASE_VERSION, openWitanDatabase } from '../../../src/storage/database.ts';

beforeEach(() => {
  vi.unstubAllGlobals();
  vi.stubGlobal('indexedDB', new IDBFactory());
});

const NOTHING = { onLost: () => undefined };

it('creates its stores once; a second tab shares them', async () => {
  const first = await openWitanDatabase(NOTHING);
  const second = await openWitanDatabase(NOTHING);
  if (!first.ok || !second.ok) throw new Error('the database did not open');
  expect([...first.value.objectStoreNames]).toEqual([
    'benchmarks',
    'calibrations',
    'conversations',
    'deliberations',
    'history',
    'predictions',
    'response-bodies',
    'responses',
    'settings',
  ]);
  await first.value.put('settings', 'dark', 'theme');
  expect(await second.value.get('settings', 'theme')).toBe('dark');
  first.value.close();
  second.value.close();
});

/** A database as the first version of the app made it, with a record in each of its stores. */
async function firstVersion(): Promise<IDBPDatabase> {
  const database = await openDB(DATABASE_NAME, 1, {
    upgrade: (db) => {
      db.createObjectStore('deliberations').createIndex('askedAt', 'askedAt');
      db.createObjectStore('history').createIndex('startMs', 'startMs');
      db.createObjectStore('benchmarks', { autoIncrement: true });
      db.createObjectStore('settings');
    },
  });
  await database.put('deliberations', { id: 'a', askedAt: 7 }, 'a');
  await database.put('history', { startMs: 3 }, 'chunk');
  await database.add('benchmarks', { first: true });
  await database.put('settings', 'dark', 'theme');
  return database;
}

it('brings a database of the first version on, with all that is in it', async () => {
  (await firstVersion()).close();
  const opened = await openWitanDatabase(NOTHING);
  if (!opened.ok) throw new Error(opened.error.code);
  const { value: database } = opened;
  expect(database.version).toBe(3);
  expect(await database.getFromIndex('deliberations', 'askedAt', 7)).toEqual({ id: 'a', askedAt: 7 });
  expect(await database.getFromIndex('history', 'startMs', 3)).toEqual({ startMs: 3 });
  expect(await database.getAll('benchmarks')).toEqual([{ first: true }]);
  // Numbers of the store go on where they were: nothing is written over.
  expect(await database.add('benchmarks', { second: true })).toBe(2);
  expect(await database.get('settings', 'theme')).toBe('dark');
  expect(await database.add('predictions', {})).toBe(1);
  expect(await database.getAllKeys('responses')).toEqual([]);
  database.close();
});

it('brings a database of the second version on, with all that is in it', async () => {
  const old = await openDB(DATABASE_NAME, 2, {
    upgrade: (db) => {
      db.createObjectStore('deliberations').createIndex('askedAt', 'askedAt');
      db.createObjectStore('history').createIndex('startMs', 'startMs');
      db.createObjectStore('benchmarks', { autoIncrement: true });
      db.createObjectStore('settings');
      db.createObjectStore('predictions', { autoIncrement: true });
    },
  });
  await old.put('deliberations', { id: 'a', askedAt: 7 }, 'a');
  await old.add('predictions', { first: true });
  old.close();
  const opened = await openWitanDatabase(NOTHING);
  if (!opened.ok) throw new Error(opened.error.code);
  const { value: database } = opened;
  expect(await database.get('deliberations', 'a')).toEqual({ id: 'a', askedAt: 7 });
  expect(await database.add('predictions', { second: true })).toBe(2);
  await database.put('responses', { header: true }, 'key');
  await database.put('response-bodies', { body: true }, 'key');
  await database.put('conversations', { id: 'c', updatedAt: 9 }, 'c');
  expect(await database.getFromIndex('conversations', 'updatedAt', 9)).toEqual({ id: 'c', updatedAt: 9 });
  database.close();
});

it('is brought on while a tab of the first version is open, which lets go', async () => {
  const old = await firstVersion();
  const asked: (number | null)[] = [];
  // As every version of the app does.
  old.addEventListener('versionchange', ({ newVersion }) => {
    asked.push(newVersion);
    old.close();
  });
  const opened = await openWitanDatabase(NOTHING);
  if (!opened.ok) throw new Error(opened.error.code);
  expect(asked).toEqual([DATABASE_VERSION]);
  expect(await opened.value.get('settings', 'theme')).toBe('dark');
  opened.value.close();
});

it('lets go at once when another tab upgrades', async () => {
  const lost: string[] = [];
  const opened = await openWitanDatabase({ onLost: (reason) => lost.push(reason) });
  // Resolves only when the old connection is closed.
  const newer = await openDB(DATABASE_NAME, DATABASE_VERSION + 1);
  expect(lost).toEqual(['upgrade-elsewhere']);
  expect(opened.ok).toBe(true);
  newer.close();
});

it('says so when the stored version is newer than this page', async () => {
  (await openDB(DATABASE_NAME, DATABASE_VERSION + 1)).close();
  expect(await openWitanDatabase(NOTHING)).toMatchObject({
    ok: false,
    error: { code: 'storage-unavailable', details: { reason: 'refused' } },
  });
});

it('says so when the browser has none, or refuses it', async () => {
  vi.stubGlobal('indexedDB', undefined);
  expect(await openWitanDatabase(NOTHING)).toMatchObject({ error: { details: { reason: 'no-indexeddb' } } });
  vi.stubGlobal('indexedDB', {
    open: () => {
      throw new DOMException('The operation is insecure.', 'SecurityError');
    },
  });
  expect(await openWitanDatabase(NOTHING)).toMatchObject({
    error: { code: 'storage-unavailable', details: { reason: 'refused' } },
  });
});
