import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, it } from 'vitest';
import { DEFAULT_SETTINGS, type Settings } from '#contracts/settings';
import { openWitanDatabase, type WitanDatabase } from '../../../src/storage/database.ts';
import { SettingsStore } from '../../../src/storage/settings-store.ts';

const CHOSEN: Settings = {
  ...DEFAULT_SETTINGS,
  members: [
    { engine: 'starter', id: 'alder' },
    { engine: 'web-llm', id: 'SmolLM2-360M-Instruct-q4f16_1-MLC' },
  ],
};

async function open(): Promise<WitanDatabase> {
  const opened = await openWitanDatabase({ onLost: () => undefined });
  if (!opened.ok) throw new Error(opened.error.code);
  return opened.value;
}

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

it('begins with the council that comes with the app', async () => {
  expect(await new SettingsStore(await open()).read()).toEqual({ ok: true, value: DEFAULT_SETTINGS });
});

it('gives back what was chosen, also to a later visit', async () => {
  expect(await new SettingsStore(await open()).write(CHOSEN)).toEqual({ ok: true, value: null });
  expect(await new SettingsStore(await open()).read()).toEqual({ ok: true, value: CHOSEN });
});

it('leaves alone what it cannot read, and says so', async () => {
  const database = await open();
  const foreign = { schema: 'witan.settings', version: 2, members: [] };
  await database.put('settings', foreign, 'settings');
  expect(await new SettingsStore(database).read()).toMatchObject({ error: { code: 'record-invalid' } });
  expect(await database.get('settings', 'settings')).toEqual(foreign);
});

it.each([
  ['nobody', { ...CHOSEN, members: [] }],
  ['an unknown engine', { ...CHOSEN, members: [{ engine: 'magic', id: 'x' }] }],
  ['a crowd', { ...CHOSEN, members: Array.from({ length: 9 }, () => CHOSEN.members?.[0]) }],
])('refuses a council of %s', async (_what, stored) => {
  const database = await open();
  await database.put('settings', stored, 'settings');
  expect(await new SettingsStore(database).read()).toMatchObject({ error: { code: 'record-invalid' } });
});

it.each([
  ['nobody', []],
  ['a crowd', Array.from({ length: 9 }, (_, n) => ({ engine: 'starter' as const, id: String(n) }))],
  ['a name of 300 characters', [{ engine: 'web-llm' as const, id: 'm'.repeat(300) }]],
])('does not store a council of %s, which it could never read again', async (_what, members) => {
  const store = new SettingsStore(await open());
  await store.write(CHOSEN);
  expect(await store.write({ ...CHOSEN, members })).toMatchObject({ error: { code: 'record-invalid' } });
  // Before: it was stored, and from then on the settings could neither be read nor changed.
  expect(await store.read()).toEqual({ ok: true, value: CHOSEN });
});

it('holds in the tab what cannot be stored', async () => {
  const nowhere = new SettingsStore(null);
  expect(await nowhere.write(CHOSEN)).toEqual({ ok: true, value: null });
  expect(await nowhere.read()).toEqual({ ok: true, value: CHOSEN });
  const database = await open();
  const store = new SettingsStore(database);
  database.close();
  expect(await store.write(CHOSEN)).toMatchObject({ error: { code: 'storage-failed' } });
  expect(await store.read()).toEqual({ ok: true, value: CHOSEN });
});
