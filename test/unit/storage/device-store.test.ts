import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, it } from 'vitest';
import { openWitanDatabase, type WitanDatabase } from '../../../src/storage/database.ts';
import { DeviceStore } from '../../../src/storage/device-store.ts';
import { microReport } from '../../fakes/micro-reports.ts';

async function open(): Promise<WitanDatabase> {
  const opened = await openWitanDatabase({ onLost: () => undefined });
  if (!opened.ok) throw new Error(opened.error.code);
  return opened.value;
}

const MEASUREMENT = { machine: 'Chrome/147 {}', report: microReport({ gpuReadGBps: 41 }) };
const VISIT = { machine: '{}', tier: 'high' } as const;

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

it('knows nothing of a new device', async () => {
  const store = new DeviceStore(await open());
  expect([await store.measurement(), await store.visit(), await store.tier()]).toEqual([null, null, null]);
});

it('gives back what was kept, also to a later visit, and the newest of it', async () => {
  const store = new DeviceStore(await open());
  expect(await store.keepMeasurement({ ...MEASUREMENT, machine: 'older' })).toEqual({
    ok: true,
    value: null,
  });
  expect(await store.keepMeasurement(MEASUREMENT)).toEqual({ ok: true, value: null });
  expect(await store.keepVisit(VISIT)).toEqual({ ok: true, value: null });
  expect(await store.keepTier('low')).toEqual({ ok: true, value: null });
  const later = new DeviceStore(await open());
  expect(await later.measurement()).toMatchObject(MEASUREMENT);
  expect(await later.visit()).toMatchObject(VISIT);
  expect(await later.tier()).toBe('low');
  await later.keepTier(null);
  expect(await new DeviceStore(await open()).tier()).toBeNull();
});

it.each([
  ['device-measurement', { schema: 'witan.device-measurement', version: 2, machine: 'm', figures: [] }],
  ['device-visit', { schema: 'witan.device-visit', version: 1, machine: 'm', tier: 'huge' }],
  ['device-tier', 'high'],
] as const)('reports %s of another version as absent and leaves it alone', async (key, foreign) => {
  const database = await open();
  await database.put('settings', foreign, key);
  const store = new DeviceStore(database);
  expect([await store.measurement(), await store.visit(), await store.tier()]).toEqual([null, null, null]);
  const kept = [
    await store.keepMeasurement(MEASUREMENT),
    await store.keepVisit(VISIT),
    await store.keepTier('mid'),
  ];
  expect(kept.filter(({ ok }) => !ok)).toMatchObject([
    { error: { code: 'storage-failed', details: { reason: 'other-version' } } },
  ]);
  expect(await database.get('settings', key)).toEqual(foreign);
  // In this tab it holds all the same.
  expect(await store.measurement()).toMatchObject(MEASUREMENT);
  expect(await store.visit()).toMatchObject(VISIT);
  expect(await store.tier()).toBe('mid');
});

it('does not touch the settings beside it', async () => {
  const database = await open();
  await database.put('settings', { mine: true }, 'settings');
  await new DeviceStore(database).keepTier('low');
  expect(await database.get('settings', 'settings')).toEqual({ mine: true });
});

it('holds in the tab where there is no database, and where a write fails', async () => {
  const nowhere = new DeviceStore(null);
  expect(await nowhere.keepTier('high')).toEqual({ ok: true, value: null });
  expect(await nowhere.tier()).toBe('high');
  const database = await open();
  const store = new DeviceStore(database);
  database.close();
  expect(await store.keepTier('high')).toMatchObject({ error: { code: 'storage-failed' } });
  expect(await store.tier()).toBe('high');
  expect(await store.visit()).toBeNull();
});
