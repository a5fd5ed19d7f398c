import 'fake-indexeddb/auto';
import { beforeEach, expect, it } from 'vitest';
import { ResponseSwitch } from '../../../src/storage/response-switch.ts';
import { emptyStorage, openedDatabase } from '../../fakes/fresh-database.ts';

beforeEach(emptyStorage);

it('is on until somebody says otherwise, and then off for every tab', async () => {
  const here = new ResponseSwitch(await openedDatabase());
  const there = new ResponseSwitch(await openedDatabase());
  expect(await here.isOn()).toBe(true);
  expect(await here.set(false)).toMatchObject({ ok: true });
  expect(await there.isOn()).toBe(false);
  await there.set(true);
  expect(await here.isOn()).toBe(true);
});

it('holds as long as the tab where nothing is kept', async () => {
  const chosen = new ResponseSwitch(null);
  expect(await chosen.isOn()).toBe(true);
  await chosen.set(false);
  expect(await chosen.isOn()).toBe(false);
});

it('takes what it cannot read for a no', async () => {
  const database = await openedDatabase();
  await database.put('settings', { enabled: 'perhaps' }, 'response-cache');
  const chosen = new ResponseSwitch(database);
  expect(await chosen.isOn()).toBe(false);
  database.close();
  expect(await chosen.isOn()).toBe(false);
});

it('stays as it was once the database is taken away', async () => {
  const database = await openedDatabase();
  const [asked, never] = [new ResponseSwitch(database), new ResponseSwitch(database)];
  expect(await asked.isOn()).toBe(true);
  database.close();
  expect(await asked.isOn()).toBe(true);
  expect(await never.isOn()).toBe(false);
});

it('holds in this tab where it cannot be written, and says so', async () => {
  const database = await openedDatabase();
  database.close();
  const chosen = new ResponseSwitch(database);
  expect(await chosen.set(true)).toMatchObject({ error: { code: 'storage-failed' } });
  expect(await chosen.isOn()).toBe(true);
});
