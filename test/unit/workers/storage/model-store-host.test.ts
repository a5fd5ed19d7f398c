import { describe, expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import { ggufFile } from '../../../fakes/gguf-file.ts';
import { SMALL } from '../../../fakes/gguf-models.ts';
import {
  bytesOf,
  CHUNK,
  hubFile,
  progressLine,
  requestFor,
  same,
  sha256,
  SIZE,
  StoreHostRig,
  valueOf,
  type HubFile,
} from './store-host-rig.ts';

const ALDER = hubFile('alder.gguf');
const REQUEST = requestFor('alder', ALDER);
const TINY = hubFile('tiny.gguf', 2_000, 9);
const TINY_REQUEST = requestFor('tiny', TINY);

async function withAlder(...others: readonly HubFile[]): Promise<StoreHostRig> {
  const rig = new StoreHostRig(ALDER, ...others);
  valueOf(await rig.download(REQUEST));
  return rig;
}

describe('bytes that rot', () => {
  it('are not handed out: the model is suspect, and says how many chunks', async () => {
    const rig = await withAlder();
    await rig.flip(ALDER.spec.id, SIZE - 1);
    expect(await rig.host.read('alder')).toEqual({
      ok: false,
      error: failure('model-invalid', { model: 'ALDER', reason: 'chunk', chunks: 1 }),
    });
    expect(await rig.model('alder')).toMatchObject({ state: 'suspect', keptBytes: CHUNK });
    await rig.flip(ALDER.spec.id, 7);
    expect(await rig.host.read('alder')).toMatchObject({ error: { details: { chunks: 2 } } });
  });

  it('are fetched again, and nothing else is', async () => {
    const birch = hubFile('birch.gguf', 2 * CHUNK + 1_000);
    const request = requestFor('birch', birch);
    const rig = new StoreHostRig(birch);
    valueOf(await rig.download(request));
    await rig.flip(birch.spec.id, CHUNK + 7);
    expect(await rig.host.verify('birch')).toMatchObject({ value: { state: 'suspect' } });
    const before = rig.net.requests.length;
    expect(await rig.download(request)).toMatchObject({
      value: {
        transferredBytes: CHUNK,
        resumedAtBytes: CHUNK + 1_000,
        repairedChunks: 1,
        model: {
          state: 'verified',
          files: [{ faults: [{ kind: 'chunk-mismatch', chunk: 1, healed: true }] }],
        },
      },
    });
    expect(rig.net.requests.slice(before).map(({ range }) => range)).toEqual([
      { fromByte: CHUNK, toByte: 2 * CHUNK },
    ]);
    const [bytes] = await bytesOf(valueOf(await rig.host.read('birch')));
    expect(same(bytes, birch.content)).toBe(true);
  });

  it('of a file that is gone altogether are all of its chunks', async () => {
    const rig = await withAlder(TINY);
    valueOf(await rig.download(TINY_REQUEST));
    await rig.database?.delete('byte-files', ALDER.spec.id);
    const all = IDBKeyRange.bound([ALDER.spec.id, 0], [ALDER.spec.id, Infinity]);
    await rig.database?.delete('byte-blocks', all);
    expect(await rig.host.read('alder')).toMatchObject({
      error: { code: 'model-invalid', details: { model: 'ALDER', reason: 'chunk', chunks: 2 } },
    });
    expect(await rig.host.verify('alder')).toMatchObject({ value: { state: 'suspect', keptBytes: 0 } });
    expect(await rig.host.read('tiny')).toMatchObject({ ok: true });
    expect(await rig.download(REQUEST)).toMatchObject({
      value: { repairedChunks: 2, transferredBytes: SIZE, model: { state: 'verified' } },
    });
  });

  it('and are found on the device after all are neither fetched nor called repaired', async () => {
    const rig = await withAlder();
    // Its size is gone, its bytes are not.
    await rig.database?.delete('byte-files', ALDER.spec.id);
    expect(await rig.host.verify('alder')).toMatchObject({ value: { state: 'suspect', keptBytes: 0 } });
    expect(await rig.download(REQUEST)).toMatchObject({
      value: {
        repairedChunks: 0,
        transferredBytes: 0,
        resumedAtBytes: SIZE,
        model: { state: 'verified' },
      },
    });
  });
});

describe('verify', () => {
  it('reads every byte, and says how far it is', async () => {
    const rig = await withAlder();
    const { port, told, closed } = progressLine();
    expect(await rig.host.verify('alder', port)).toMatchObject({ value: { state: 'verified' } });
    await closed;
    expect(told).toMatchObject(
      [SIZE / 2, SIZE].map((doneBytes) => ({
        modelId: 'alder',
        phase: 'verify',
        doneBytes,
        totalBytes: SIZE,
        host: null,
      })),
    );
  });

  it('is ended by a pause, and harms nothing', async () => {
    const rig = await withAlder();
    const verifying = rig.host.verify('alder');
    expect(await rig.host.pause('alder')).toMatchObject({ ok: true });
    expect(await verifying).toMatchObject({ error: { code: 'cancelled' } });
    expect(await rig.host.verify('alder')).toMatchObject({ value: { state: 'verified' } });
  });

  it('of a model of which nothing has come yet finds nothing wrong', async () => {
    const rig = new StoreHostRig(ALDER);
    const server = rig.net.servers[ALDER.spec.urls[0] ?? ''];
    if (server) server.always = { fault: 'status', status: 404 };
    await rig.download(REQUEST);
    await rig.database?.delete('byte-files', ALDER.spec.id);
    expect(await rig.host.verify('alder')).toMatchObject({ ok: true, value: { state: 'new' } });
    expect(await rig.host.read('alder')).toMatchObject({
      error: { code: 'model-invalid', details: { reason: 'chunk', chunks: 2 } },
    });
  });
});

describe('remove', () => {
  it.each([1, 2])('while a download writes chunk %i leaves nothing, and nothing comes after', async (at) => {
    const rig = new StoreHostRig(ALDER, TINY);
    valueOf(await rig.download(TINY_REQUEST));
    rig.writes.length = 0;
    let removing: Promise<unknown> | null = null;
    rig.beforeWrite = () => {
      if (rig.writes.length === at - 1) removing ??= rig.host.remove('alder');
    };
    expect(await rig.download(REQUEST)).toMatchObject({ error: { code: 'cancelled' } });
    expect(await rig.drive(removing ?? Promise.resolve('never'))).toMatchObject({
      ok: true,
      value: { heldBytes: 0 },
    });
    expect(await rig.filesOfBytes()).toEqual([TINY.spec.id]);
    expect(await rig.records()).toEqual([TINY.spec.id]);
    const written = rig.writes.length;
    expect(rig.net.open).toBe(0);
    expect(valueOf(await rig.host.list()).map(({ id }) => id)).toEqual(['tiny']);
    expect(rig.writes).toHaveLength(written);
    rig.beforeWrite = () => undefined;
    expect(await rig.download(REQUEST)).toMatchObject({
      value: { transferredBytes: SIZE, resumedAtBytes: 0, model: { state: 'verified' } },
    });
  });

  it('before a download has begun is not undone by it', async () => {
    const rig = new StoreHostRig(ALDER);
    const downloading = rig.host.download(REQUEST);
    const removing = rig.host.remove('alder');
    expect(await rig.drive(downloading)).toMatchObject({ error: { code: 'cancelled' } });
    expect(await rig.drive(removing ?? Promise.resolve('never'))).toMatchObject({
      ok: true,
      value: { heldBytes: 0 },
    });
    expect(valueOf(await rig.host.list())).toEqual([]);
    expect(await rig.records()).toEqual([]);
    expect(rig.net.requests).toEqual([]);
  });

  it('of what is not there does no harm', async () => {
    const rig = await withAlder();
    expect(await rig.host.remove('birch')).toEqual({ ok: true, value: { freedBytes: 0, heldBytes: 0 } });
    expect(await rig.model('alder')).toMatchObject({ state: 'verified' });
  });

  it('of a model that somebody reads says so, and its bytes stay until he has done', async () => {
    const rig = await withAlder();
    const reader = await rig.locks.tryReader(ALDER.spec.id);
    expect(await rig.host.remove('alder')).toEqual({ ok: true, value: { freedBytes: 0, heldBytes: SIZE } });
    expect(valueOf(await rig.host.list())).toEqual([]);
    expect(await rig.filesOfBytes()).toEqual([ALDER.spec.id]);
    expect(await rig.host.space()).toMatchObject({ value: { keptBytes: 0, heldBytes: SIZE } });
    reader?.();
    expect(await rig.host.reclaim()).toEqual({ ok: true, value: { freedBytes: SIZE, heldBytes: 0 } });
    expect(await rig.filesOfBytes()).toEqual([]);
  });

  it('of a model whose reader vanished without a word is made good by the next look at the space', async () => {
    const rig = await withAlder();
    const reader = await rig.locks.tryReader(ALDER.spec.id);
    await rig.host.remove('alder');
    reader?.();
    expect(await rig.host.space()).toMatchObject({ value: { heldBytes: 0 } });
    expect(await rig.filesOfBytes()).toEqual([]);
  });
});

describe('a model that is not there', () => {
  it('is unknown to whoever names it', async () => {
    const { host } = new StoreHostRig();
    const unknown = { ok: false, error: failure('member-unknown', { member: 'birch' }) };
    expect(await host.read('birch')).toEqual(unknown);
    expect(await host.verify('birch')).toEqual(unknown);
    expect(await host.inspect('birch')).toEqual(unknown);
    expect(await host.pin('birch', true)).toEqual(unknown);
    expect(await host.pause('birch')).toEqual({ ok: true, value: null });
  });
});

describe('room', () => {
  it('is made of what was used least recently and is not pinned', async () => {
    const rig = await withAlder(TINY);
    rig.clock.advance(1_000);
    valueOf(await rig.download(TINY_REQUEST));
    const wish = [{ id: null, sizeBytes: 1 }];
    const plan = valueOf(await rig.host.planRoom(wish, []));
    expect(plan).toMatchObject({
      wantedBytes: 1,
      freeBytes: null,
      eviction: { enough: true, freedBytes: SIZE, models: [{ id: 'alder' }] },
    });
    expect(await rig.host.pin('alder', true)).toMatchObject({ value: { pinned: true } });
    const oneTiny = { value: { eviction: { models: [{ id: 'tiny' }] } } };
    expect(await rig.host.planRoom(wish, [])).toMatchObject(oneTiny);
    expect(await rig.host.planRoom(wish, ['tiny'])).toMatchObject({ value: { eviction: { models: [] } } });
    // The plan was shown before it was pinned.
    expect(await rig.host.makeRoom(plan, [])).toEqual({ ok: true, value: { freedBytes: 0, models: [] } });
    expect(await rig.model('alder')).toMatchObject({ state: 'verified' });
    await rig.host.pin('alder', false);
    rig.clock.advance(1_000);
    valueOf(await rig.host.read('alder'));
    expect(await rig.host.planRoom(wish, [])).toMatchObject(oneTiny);
    const both = valueOf(await rig.host.planRoom([{ id: null, sizeBytes: SIZE + 1 }], []));
    expect(await rig.host.makeRoom(both, [])).toMatchObject({ value: { freedBytes: SIZE + 2_000 } });
    expect(await rig.filesOfBytes()).toEqual([]);
    expect(await rig.host.space()).toMatchObject({ value: { keptBytes: 0 } });
  });

  it('is nothing anybody knows of where it cannot be reserved', async () => {
    const rig = new StoreHostRig();
    expect(await rig.host.space(1_000)).toEqual({
      ok: true,
      value: { backend: 'indexeddb', keptBytes: 0, heldBytes: 0, measured: null, persisted: null },
    });
  });
});

describe('inspect', () => {
  const content = ggufFile(SMALL);
  const hash = sha256(content);
  const small: HubFile = {
    content,
    spec: { ...TINY.spec, id: `sha256-${hash}`, sha256: hash, sizeBytes: content.byteLength },
  };

  it('says what the file says of itself', async () => {
    const rig = new StoreHostRig(small);
    valueOf(await rig.download(requestFor('small', small)));
    expect(await rig.host.inspect('small')).toMatchObject({
      value: { architecture: 'llama', shape: { contextTokens: 128 } },
    });
  });

  it('refuses what is no model, and what is not all here', async () => {
    const rig = await withAlder();
    expect(await rig.host.inspect('alder')).toMatchObject({
      error: { code: 'model-invalid', details: { reason: 'not-gguf' } },
    });
    await rig.flip(ALDER.spec.id, 0);
    await rig.host.verify('alder');
    expect(await rig.host.inspect('alder')).toMatchObject({
      error: { code: 'model-invalid', details: { model: 'ALDER', reason: 'chunk' } },
    });
  });
});

describe('the store', () => {
  it('is opened with the first call, once', async () => {
    const rig = new StoreHostRig();
    expect(rig.opened).toBe(0);
    await Promise.all([rig.host.list(), rig.host.list(), rig.host.space()]);
    expect(await rig.host.list()).toEqual({ ok: true, value: [] });
    expect(rig.opened).toBe(1);
  });

  it.each([
    ['is refused', failure('storage-unavailable', { reason: 'refused' }), 'storage-unavailable'],
    ['throws', new Error('the hashes could not be fetched'), 'storage-failed'],
  ] as const)('is opened again by the next call when opening it %s', async (_what, fault, code) => {
    const rig = new StoreHostRig(TINY);
    rig.openings = [fault, fault];
    expect(await rig.host.list()).toMatchObject({ ok: false, error: { code } });
    const { port, closed } = progressLine();
    expect(await rig.download(TINY_REQUEST, port)).toMatchObject({ ok: false, error: { code } });
    await closed;
    expect(await rig.download(TINY_REQUEST)).toMatchObject({ ok: true });
    expect(rig.opened).toBe(3);
  });

  it('is opened again when it was lost, and what was kept is there', async () => {
    const rig = await withAlder();
    rig.lose();
    const [bytes] = await bytesOf(valueOf(await rig.host.read('alder')));
    expect(same(bytes, ALDER.content)).toBe(true);
    expect(rig.opened).toBe(2);
  });

  it('that is lost under a download ends it; the next one goes on', async () => {
    const rig = new StoreHostRig(ALDER);
    rig.beforeWrite = (chunk) => {
      if (chunk === 1) rig.lose();
    };
    expect(await rig.download(REQUEST)).toMatchObject({
      error: { code: 'storage-failed', details: { reason: 'storage-lost' } },
    });
    rig.beforeWrite = () => undefined;
    expect(await rig.download(REQUEST)).toMatchObject({
      value: { resumedAtBytes: CHUNK, transferredBytes: SIZE - CHUNK, model: { state: 'verified' } },
    });
  });

  it('that does not give its bytes fails with a name', async () => {
    const rig = await withAlder();
    rig.blobFault = new DOMException('the file changed', 'NotReadableError');
    const failed = { ok: false, error: { code: 'storage-failed', details: { doing: 'read' } } };
    expect(await rig.host.read('alder')).toMatchObject(failed);
    expect(await rig.host.inspect('alder')).toMatchObject(failed);
  });
});
