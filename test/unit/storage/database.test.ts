import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { openDB } from 'idb';
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
  expect([...first.value.objectStoreNames]).toEqual(['benchmarks', 'deliberations', 'history', 'settings']);
  await first.value.put('settings', 'dark', 'theme');
  expect(await second.value.get('settings', 'theme')).toBe('dark');
  first.value.close();
  second.value.close();
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
