import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, it, vi } from 'vitest';
import { err } from '#kernel/result';
import { failure } from '#contracts/errors';
import type { RemoteEndpoint, RemoteMember } from '#contracts/remote';
import { openWitanDatabase, type WitanDatabase } from '../../../src/storage/database.ts';
import {
  endpointIn,
  withEndpoint,
  withMember,
  withoutEndpoint,
  withoutMember,
} from '../../../src/storage/remote-changes.ts';
import { RemoteStore } from '../../../src/storage/remote-store.ts';

const ATTIC: RemoteEndpoint = {
  id: 'attic',
  label: 'Attic',
  baseUrl: 'http://localhost:8080/v1',
  hasKey: false,
  server: 'auto',
};
const FAR: RemoteMember = { id: 'far', name: 'Far', model: 'tiny', endpointIds: ['attic'] };
const NOTHING = { schema: 'witan.remote', version: 1, endpoints: [], members: [] };

async function open(): Promise<WitanDatabase> {
  const opened = await openWitanDatabase({ onLost: () => undefined });
  if (!opened.ok) throw new Error(opened.error.code);
  return opened.value;
}

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

it('begins with nothing, and gives back what was put in, also to a later visit', async () => {
  const store = new RemoteStore(await open());
  expect(await store.read()).toEqual({ ok: true, value: NOTHING });
  expect(await store.update(withEndpoint(ATTIC))).toEqual({ ok: true, value: null });
  await store.update(withMember(FAR));
  expect(await new RemoteStore(await open()).read()).toEqual({
    ok: true,
    value: { ...NOTHING, endpoints: [ATTIC], members: [FAR] },
  });
});

it('replaces by id, and keeps the order', async () => {
  const store = new RemoteStore(await open());
  await store.update(withEndpoint(ATTIC));
  await store.update(withEndpoint({ ...ATTIC, id: 'cellar' }));
  await store.update(withEndpoint({ ...ATTIC, label: 'Loft' }));
  expect(await store.read()).toMatchObject({ value: { endpoints: [{ label: 'Loft' }, { id: 'cellar' }] } });
});

it('loses nothing when two tabs write at once', async () => {
  const [one, other] = [new RemoteStore(await open()), new RemoteStore(await open())];
  await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      (index % 2 === 0 ? one : other).update(withEndpoint({ ...ATTIC, id: `e${String(index)}` })),
    ),
  );
  const read = await one.read();
  expect(read.ok && read.value.endpoints).toHaveLength(10);
});

it('keeps a server as long as a member runs on it, and a member only with its servers', async () => {
  const store = new RemoteStore(await open());
  expect(await store.update(withMember(FAR))).toMatchObject({ error: { code: 'record-invalid' } });
  await store.update(withEndpoint(ATTIC));
  await store.update(withMember(FAR));
  expect(await store.update(withoutEndpoint('attic'))).toMatchObject({
    error: { code: 'usage', details: { reason: 'in-use' } },
  });
  await store.update(withoutMember('far'));
  expect(await store.update(withoutEndpoint('attic'))).toEqual({ ok: true, value: null });
  expect(await store.read()).toEqual({ ok: true, value: NOTHING });
});

it.each([
  ['a key', { key: 'sk-1' }],
  ['an address with a key', { baseUrl: 'https://a.example/v1?key=sk-1' }],
])('stores no server with %s', async (_what, more) => {
  const database = await open();
  const store = new RemoteStore(database);
  expect(await store.update(withEndpoint({ ...ATTIC, ...more }))).toMatchObject({
    error: { code: 'record-invalid' },
  });
  expect(await database.getAll('settings')).toEqual([]);
});

it('leaves alone what it cannot read, and says so', async () => {
  const database = await open();
  const foreign = { schema: 'witan.remote', version: 2 };
  await database.put('settings', foreign, 'remote');
  const store = new RemoteStore(database);
  expect(await store.read()).toMatchObject({ error: { code: 'record-invalid' } });
  expect(await store.update(withEndpoint(ATTIC))).toMatchObject({ error: { code: 'record-invalid' } });
  expect(await database.get('settings', 'remote')).toEqual(foreign);
});

it('a change that fails changes nothing', async () => {
  const store = new RemoteStore(await open());
  await store.update(withEndpoint(ATTIC));
  await store.update(() => err(failure('cancelled')));
  expect(await store.read()).toMatchObject({ value: { endpoints: [ATTIC] } });
});

it('holds in the tab what cannot be stored', async () => {
  const nowhere = new RemoteStore(null);
  expect(await nowhere.update(withEndpoint(ATTIC))).toEqual({ ok: true, value: null });
  expect(await nowhere.read()).toMatchObject({ value: { endpoints: [ATTIC] } });
  expect(await nowhere.update(withMember({ ...FAR, endpointIds: ['none'] }))).toMatchObject({ ok: false });
  expect(await nowhere.read()).toMatchObject({ value: { endpoints: [ATTIC], members: [] } });
  const database = await open();
  const store = new RemoteStore(database);
  await store.update(withEndpoint(ATTIC));
  database.close();
  expect(await store.update(withMember(FAR))).toMatchObject({ error: { code: 'storage-failed' } });
  expect(await store.update(withMember({ ...FAR, endpointIds: ['none'] }))).toMatchObject({
    error: { code: 'record-invalid' },
  });
  expect(await store.read()).toMatchObject({ value: { endpoints: [ATTIC], members: [FAR] } });
});

it('stores what it held as soon as it can', async () => {
  const database = await open();
  const store = new RemoteStore(database);
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  expect(await store.update(withEndpoint(ATTIC))).toMatchObject({ error: { code: 'storage-failed' } });
  put.mockRestore();
  expect(await database.getAll('settings')).toEqual([]);
  expect(await store.update(withMember(FAR))).toEqual({ ok: true, value: null });
  expect(await new RemoteStore(database).read()).toMatchObject({
    value: { endpoints: [ATTIC], members: [FAR] },
  });
});

it('finds a server by its id', () => {
  const settings = { schema: 'witan.remote', version: 1, endpoints: [ATTIC], members: [] } as const;
  expect(endpointIn({ ...settings, endpoints: [ATTIC], members: [] }, 'attic')).toEqual({
    ok: true,
    value: ATTIC,
  });
  expect(endpointIn({ ...settings, endpoints: [], members: [] }, 'attic')).toMatchObject({ ok: false });
});
