import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '#kernel/clock';
import { seededRandom } from '#kernel/random';
import { failure, type WitanFailure } from '#contracts/errors';
import type { RemoteEndpoint, RemoteMember } from '#contracts/remote';
import type { RemoteWorkerApi } from '#contracts/worker-api';
import { RemoteService } from '../../../src/app/remote-service.ts';
import { plannedBackend } from '../../../src/resources/member-spec.ts';
import { openWitanDatabase, type WitanDatabase } from '../../../src/storage/database.ts';
import { RemoteHost } from '../../../workers/inference/remote-host.ts';
import { FakeWorkerHandle } from '../../fakes/fake-worker-handle.ts';
import { ScriptedServer } from '../../fakes/scripted-server.ts';
import { LOAD, REQUEST, until } from '../engines/remote/remote-rig.ts';

const KEY = 'sk-very-secret-4242';
const PASSPHRASE = 'correct horse battery staple';
const FAR: RemoteMember = { id: 'far', name: 'Far', model: 'tiny', endpointIds: ['attic'] };
const FAR_ID = 'remote-far';
const NEVER = new AbortController().signal;

let server: ScriptedServer;
let database: WitanDatabase;
let workers: FakeWorkerHandle<RemoteWorkerApi>[];
let service: RemoteService;
let attic: RemoteEndpoint;

/** The service of a tab; all tabs share the database. */
function tab(db: WitanDatabase | null = database): RemoteService {
  return new RemoteService({
    clock: systemClock,
    database: Promise.resolve(db),
    startWorker: () => {
      const worker = new FakeWorkerHandle<RemoteWorkerApi>(
        new RemoteHost({
          fetch: (url, init) => fetch(url, init),
          clock: systemClock,
          random: seededRandom(1),
        }),
      );
      workers.push(worker);
      return worker;
    },
  });
}

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  const opened = await openWitanDatabase({ onLost: () => undefined });
  if (!opened.ok) throw new Error(opened.error.code);
  database = opened.value;
  server = await ScriptedServer.start();
  workers = [];
  service = tab();
  attic = { id: 'attic', label: 'Attic', baseUrl: server.baseUrl, hasKey: false, server: 'auto' };
  expect(await service.saveEndpoint(attic)).toEqual({ ok: true, value: null });
  expect(await service.save(FAR)).toEqual({ ok: true, value: null });
});

afterEach(async () => {
  for (const worker of workers) await worker.call(null, (api) => api.unload());
  await server.stop();
  database.close();
});

const keysSent = (): unknown[] => server.requests.map(({ headers }) => headers.authorization);

async function launched(onLost: (reason: WitanFailure) => void = () => undefined) {
  const engine = service.launch(FAR_ID, onLost);
  const loaded = await engine.load(NEVER, LOAD);
  const ask = () => engine.generate(NEVER, REQUEST, () => undefined);
  return { engine, loaded, ask, worker: workers.at(-1) };
}

describe('members', () => {
  it('sit in the council under ids of their own', async () => {
    const specs = await service.memberSpecs();
    expect(specs).toMatchObject({
      ok: true,
      value: [{ id: FAR_ID, name: 'Far', bundled: false, rungs: [{ engine: 'remote', sizeBytes: 0 }] }],
    });
    const rung = specs.ok ? specs.value[0]?.rungs[0] : undefined;
    if (rung === undefined) throw new Error('no rung');
    expect(plannedBackend(rung)).toBe('remote');
    expect(rung.load.model).toEqual({ format: 'remote', id: FAR_ID, name: 'Far', model: 'tiny' });
  });

  it('load and answer', async () => {
    const { loaded, ask } = await launched();
    expect(loaded).toMatchObject({ ok: true, value: { backend: 'remote' } });
    expect(await ask()).toMatchObject({ ok: true, value: { text: 'ok', finish: 'stop' } });
  });

  it('that are not there do not load', async () => {
    const engine = service.launch('remote-nobody', () => undefined);
    expect(await engine.load(NEVER, LOAD)).toMatchObject({ error: { code: 'member-unknown' } });
    expect(server.requests).toEqual([]);
  });

  it('lose their worker when they are removed, and their owner is told why', async () => {
    const losses: WitanFailure[] = [];
    const { worker } = await launched((reason) => losses.push(reason));
    await service.remove('far');
    expect(worker?.alive).toBe(false);
    expect(losses).toEqual([failure('member-unknown', { member: FAR_ID })]);
  });

  it('tell of a worker that is lost', async () => {
    const losses: WitanFailure[] = [];
    const { worker } = await launched((reason) => losses.push(reason));
    worker?.terminate(failure('worker-lost', { member: 'far' }));
    expect(losses).toMatchObject([{ code: 'worker-lost' }]);
  });

  it('are not loaded when that is given up before', async () => {
    const engine = service.launch(FAR_ID, () => undefined);
    expect(await engine.load(AbortSignal.abort(), LOAD)).toMatchObject({ error: { code: 'cancelled' } });
  });
});

describe('keys', () => {
  it('are in memory, reach the server, and are nowhere else', async () => {
    expect(await service.keyState('attic')).toBe('none');
    expect(await service.setKey('attic', KEY, false)).toEqual({ ok: true, value: null });
    expect(await service.keyState('attic')).toBe('memory');
    const { loaded, ask, worker } = await launched();
    const said: unknown[] = [loaded, await ask(), await service.endpoints(), await service.members()];
    said.push(await service.memberSpecs(), await worker?.call(null, (api) => api.health()));
    expect(keysSent()).toEqual([`Bearer ${KEY}`, `Bearer ${KEY}`]);
    expect(JSON.stringify([said, await database.getAll('settings')])).not.toContain('secret');
  });

  it('that are forgotten are forgotten at once, also by a worker that runs', async () => {
    await service.setKey('attic', KEY, false);
    const { ask } = await launched();
    await service.setKey('attic', null, false);
    expect(await service.keyState('attic')).toBe('none');
    // The member was made with a server that wants a key: without it nothing is sent.
    expect(await ask()).toMatchObject({
      error: { code: 'remote-refused', details: { reason: 'key-missing' } },
    });
    expect(keysSent()).toEqual([`Bearer ${KEY}`]);
  });

  it('stay behind when the server moves to another origin', async () => {
    await service.setKey('attic', KEY, false);
    const moved = await ScriptedServer.start();
    await service.saveEndpoint({ ...attic, hasKey: true, baseUrl: moved.baseUrl });
    expect(await service.keyState('attic')).toBe('none');
    const { loaded } = await launched();
    expect(loaded).toMatchObject({ error: { code: 'remote-refused', details: { reason: 'key-missing' } } });
    expect(moved.requests).toEqual([]);
    await moved.stop();
  });

  it('are kept under a passphrase only, and come back with it alone', async () => {
    expect(await service.setKey('attic', KEY, true)).toMatchObject({
      error: { code: 'usage', details: { reason: 'locked' } },
    });
    expect(await service.keyState('attic')).toBe('none');
    expect(await service.unlock(PASSPHRASE)).toEqual({ ok: true, value: null });
    expect(await service.setKey('attic', KEY, true)).toEqual({ ok: true, value: null });
    expect(await service.keyState('attic')).toBe('kept');
    expect(JSON.stringify(await database.getAll('settings'))).not.toContain('secret');

    service = tab(); // a later visit
    expect(await service.keyState('attic')).toBe('locked');
    expect((await launched()).loaded).toMatchObject({ error: { details: { reason: 'key-missing' } } });
    expect(await service.unlock('wrong')).toMatchObject({
      error: { code: 'record-invalid', details: { reason: 'passphrase' } },
    });
    const { loaded, engine } = await launched();
    expect(loaded.ok).toBe(false);
    await service.unlock(PASSPHRASE);
    expect(await service.keyState('attic')).toBe('kept');
    expect(await engine.load(NEVER, LOAD)).toMatchObject({ ok: true });
    expect(keysSent()).toEqual([`Bearer ${KEY}`]);
  });

  it('that another tab keeps are not overwritten', async () => {
    await service.saveEndpoint({ ...attic, id: 'cellar' });
    await service.unlock(PASSPHRASE);
    const other = tab();
    await other.unlock(PASSPHRASE);
    await service.setKey('attic', KEY, true);
    await other.setKey('cellar', 'sk-other', true);
    const later = tab();
    await later.unlock(PASSPHRASE);
    expect([await later.keyState('attic'), await later.keyState('cellar')]).toEqual(['kept', 'kept']);
  });

  it('that are kept go with their server, and not while they are out of reach', async () => {
    await service.unlock(PASSPHRASE);
    await service.setKey('attic', KEY, true);
    await service.remove('far');
    const locked = tab();
    expect(await locked.removeEndpoint('attic')).toMatchObject({ error: { details: { reason: 'locked' } } });
    expect(await locked.endpoints()).toMatchObject({ value: [{ id: 'attic', hasKey: true }] });
    expect(await service.removeEndpoint('attic')).toEqual({ ok: true, value: null });
    expect(await database.get('settings', 'remote-keys')).toBeUndefined();
  });

  it('that are kept can be thrown away without the passphrase', async () => {
    await service.unlock(PASSPHRASE);
    await service.setKey('attic', KEY, true);
    const locked = tab();
    expect(await locked.forgetKept()).toEqual({ ok: true, value: null });
    expect(await locked.keyState('attic')).toBe('none');
    expect(await database.get('settings', 'remote-keys')).toBeUndefined();
  });

  it('that cannot be kept hold in memory, and say so', async () => {
    const nowhere = tab(null);
    await nowhere.saveEndpoint(attic);
    expect(await nowhere.unlock(PASSPHRASE)).toMatchObject({ error: { code: 'storage-unavailable' } });
    expect(await nowhere.setKey('attic', KEY, false)).toEqual({ ok: true, value: null });
    expect(await nowhere.keyState('attic')).toBe('memory');
  });

  it('that are kept at once are all kept', async () => {
    await service.saveEndpoint({ ...attic, id: 'cellar' });
    await service.unlock(PASSPHRASE);
    await Promise.all([service.setKey('attic', KEY, true), service.setKey('cellar', 'sk-other', true)]);
    const later = tab();
    await later.unlock(PASSPHRASE);
    expect([await later.keyState('attic'), await later.keyState('cellar')]).toEqual(['kept', 'kept']);
  });

  it('hold in memory when the vault cannot be written', async () => {
    await service.unlock(PASSPHRASE);
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    expect(await service.setKey('attic', KEY, true)).toMatchObject({ error: { code: 'storage-failed' } });
    put.mockRestore();
    expect(await service.keyState('attic')).toBe('memory');
    expect((await launched()).loaded).toMatchObject({ ok: true });
  });

  it('that no header can carry are refused, without being told', async () => {
    const refused = await service.setKey('attic', 'sk-ünsent', false);
    expect(refused).toMatchObject({ error: { code: 'usage' } });
    expect(JSON.stringify(refused)).not.toContain('nsent');
    expect(await service.keyState('attic')).toBe('none');
  });

  it('of servers that are not there are refused', async () => {
    expect(await service.setKey('nowhere', KEY, false)).toMatchObject({ error: { code: 'record-invalid' } });
  });
});

describe('a look at a server', () => {
  it('takes a worker of its own, which is gone afterwards', async () => {
    expect(await service.check(NEVER, attic)).toMatchObject({ ok: true, value: { state: 'ok' } });
    expect(await service.listModels(NEVER, attic)).toMatchObject({ ok: true, value: [{ id: 'tiny' }] });
    expect(workers.map(({ alive }) => alive)).toEqual([false, false]);
  });

  it('can be stopped', async () => {
    server.models({ act: 'silent' });
    const stop = new AbortController();
    const checking = service.check(stop.signal, attic);
    await until(() => server.requests.length === 1);
    stop.abort();
    expect(await checking).toMatchObject({ error: { code: 'cancelled' } });
    expect(workers[0]?.alive).toBe(false);
    expect(await service.check(stop.signal, attic)).toMatchObject({ error: { code: 'cancelled' } });
    expect(workers).toHaveLength(1);
  });

  it('is a failure where a browser lets no worker be made', async () => {
    const none = new RemoteService({
      clock: systemClock,
      database: Promise.resolve(null),
      startWorker: () => {
        throw new Error('no workers');
      },
    });
    expect(await none.check(NEVER, attic)).toMatchObject({ error: { code: 'internal' } });
  });
});
