import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  CHUNK,
  hubFile,
  progressLine,
  requestFor,
  same,
  SIZE,
  StoreHostRig,
  valueOf,
} from './store-host-rig.ts';

const ALDER = hubFile('alder.gguf');
const REQUEST = requestFor('alder', ALDER);

describe('a download', () => {
  it('brings a model here, and says how far it has come and what it took', async () => {
    const rig = new StoreHostRig(ALDER);
    const { port, told, closed } = progressLine();
    const receipt = valueOf(await rig.download(REQUEST, port));
    expect(receipt).toMatchObject({
      transferredBytes: SIZE,
      resumedAtBytes: 0,
      repairedChunks: 0,
      model: { id: 'alder', state: 'verified', keptBytes: SIZE, sizeBytes: SIZE, origin: 'catalogue' },
    });
    await closed;
    expect(told[0]).toMatchObject({ modelId: 'alder', phase: 'download', doneBytes: 0, totalBytes: SIZE });
    expect(told.at(-1)).toMatchObject({ doneBytes: SIZE, transferredBytes: SIZE, host: 'hub.example' });
    const [bytes] = await bytesOf(valueOf(await rig.host.read('alder')));
    expect(same(bytes, ALDER.content)).toBe(true);
    expect(rig.net.open).toBe(0);
  });

  it('that is paused keeps its chunks; the next one fetches only the rest', async () => {
    const rig = new StoreHostRig(ALDER);
    expect(await rig.downloadUntil(REQUEST, 1)).toMatchObject({
      ok: false,
      error: { code: 'cancelled', details: { model: 'ALDER' } },
    });
    expect(await rig.model('alder')).toMatchObject({ state: 'partial', keptBytes: CHUNK });
    const before = rig.net.requests.length;
    const { port, told, closed } = progressLine();
    expect(await rig.download(REQUEST, port)).toMatchObject({
      value: {
        transferredBytes: SIZE - CHUNK,
        resumedAtBytes: CHUNK,
        repairedChunks: 0,
        model: { state: 'verified' },
      },
    });
    expect(rig.net.requests.slice(before).map(({ range }) => range)).toEqual([
      { fromByte: CHUNK, toByte: SIZE },
    ]);
    await closed;
    expect(told[0]).toMatchObject({ doneBytes: CHUNK, totalBytes: SIZE, transferredBytes: 0 });
    const [bytes] = await bytesOf(valueOf(await rig.host.read('alder')));
    expect(same(bytes, ALDER.content)).toBe(true);
  });

  it('can go on the moment that pausing it is done', async () => {
    const rig = new StoreHostRig(ALDER);
    const first = rig.host.download(REQUEST);
    await rig.drive(
      new Promise<void>((resolve) => {
        rig.beforeWrite = () => {
          resolve();
        };
      }),
    );
    expect(await rig.drive(rig.host.pause('alder'))).toEqual({ ok: true, value: null });
    const second = rig.download(REQUEST);
    expect(await first).toMatchObject({ error: { code: 'cancelled' } });
    expect(await second).toMatchObject({ ok: true, value: { model: { state: 'verified' } } });
  });

  it('is the only one of its model', async () => {
    const rig = new StoreHostRig(ALDER);
    const first = rig.host.download(REQUEST);
    const { port, closed } = progressLine();
    expect(await rig.host.download(REQUEST, port)).toMatchObject({
      error: { code: 'storage-failed', details: { reason: 'busy' } },
    });
    await closed;
    expect(await rig.host.verify('alder')).toMatchObject({ error: { details: { reason: 'busy' } } });
    expect(await rig.drive(first)).toMatchObject({ ok: true });
    expect(rig.net.sentBytes).toBe(SIZE);
  });

  it('of what is here asks nobody', async () => {
    const rig = new StoreHostRig(ALDER);
    await rig.download(REQUEST);
    const before = rig.net.requests.length;
    expect(await rig.download(REQUEST)).toMatchObject({
      value: { transferredBytes: 0, resumedAtBytes: SIZE, repairedChunks: 0 },
    });
    expect(rig.net.requests).toHaveLength(before);
  });

  it('of a file that two models have in common fetches it once', async () => {
    const [shared, own] = [hubFile('shared.gguf'), hubFile('own.gguf', 1_000, 2)];
    const rig = new StoreHostRig(shared, own);
    await rig.download(requestFor('first', shared));
    expect(await rig.download(requestFor('second', own, shared))).toMatchObject({
      value: { transferredBytes: 1_000, resumedAtBytes: SIZE, model: { state: 'verified' } },
    });
    expect(await rig.host.space()).toMatchObject({
      value: { backend: 'indexeddb', keptBytes: SIZE + 1_000, heldBytes: 0, measured: null, persisted: null },
    });
    await rig.host.remove('first');
    const files = await bytesOf(valueOf(await rig.host.read('second')));
    expect(same(files[0], own.content) && same(files[1], shared.content)).toBe(true);
    await rig.host.remove('second');
    expect(await rig.filesOfBytes()).toEqual([]);
  });

  it('of several files counts what is kept of all from its first word on', async () => {
    const [one, two] = [hubFile('1.gguf', 5_000, 3), hubFile('2.gguf', SIZE, 4)];
    const rig = new StoreHostRig(one, two);
    await rig.download(requestFor('lender', two));
    const { port, told, closed } = progressLine();
    await rig.download(requestFor('both', one, two), port);
    await closed;
    const done = told.map(({ doneBytes }) => doneBytes);
    expect(done[0]).toBe(SIZE);
    expect([...done].sort((a, b) => a - b)).toEqual(done);
    expect(told.at(-1)).toMatchObject({ doneBytes: SIZE + 5_000, totalBytes: SIZE + 5_000 });
  });
});

describe('a download fails', () => {
  it('with what the servers said, and keeps what has come', async () => {
    const rig = new StoreHostRig(ALDER);
    const url = ALDER.spec.urls[0] ?? '';
    const server = rig.net.servers[url];
    server?.faults.push({ fault: 'cut', afterBytes: CHUNK + 500 });
    if (server) server.always = { fault: 'status', status: 404 };
    const { port, closed } = progressLine();
    expect(await rig.download(REQUEST, port)).toMatchObject({
      error: { code: 'model-fetch-failed', details: { reason: 'status', status: 404, model: 'ALDER' } },
    });
    await closed;
    expect(await rig.model('alder')).toMatchObject({ state: 'partial', keptBytes: CHUNK });
  });

  it('when there is no room, and goes on when there is', async () => {
    const rig = new StoreHostRig(ALDER);
    rig.beforeWrite = (chunk) => {
      if (chunk === 1) throw new DOMException('no room', 'QuotaExceededError');
    };
    expect(await rig.download(REQUEST)).toMatchObject({
      error: { code: 'storage-full', details: { reason: 'quota' } },
    });
    const model = await rig.model('alder');
    expect(model).toMatchObject({ state: 'partial', files: [{ faults: [{ kind: 'storage-full' }] }] });
    expect(model?.keptBytes).toBeGreaterThanOrEqual(CHUNK);
    rig.beforeWrite = () => undefined;
    expect(await rig.download(REQUEST)).toMatchObject({
      ok: true,
      value: { resumedAtBytes: model?.keptBytes, model: { state: 'verified' } },
    });
  });

  it('when the bytes are not the file, and keeps nothing of it', async () => {
    const rig = new StoreHostRig(ALDER);
    const server = rig.net.servers[ALDER.spec.urls[0] ?? ''];
    if (server) server.always = { fault: 'flip', atByte: 5 };
    expect(await rig.download(REQUEST)).toMatchObject({
      error: { code: 'model-invalid', details: { reason: 'sha256' } },
    });
    expect(await rig.model('alder')).toMatchObject({ state: 'new', keptBytes: 0 });
  });

  it('before it begins when its request is no request', async () => {
    const rig = new StoreHostRig();
    for (const files of [[], [{ ...ALDER.spec, id: '../alder' }], [{ ...ALDER.spec, sizeBytes: -1 }]])
      expect(await rig.download({ ...REQUEST, files })).toMatchObject({
        error: { code: 'model-invalid', details: { reason: 'spec' } },
      });
    expect(valueOf(await rig.host.list())).toEqual([]);
  });
});

describe('another version of a model', () => {
  it('takes the place of the old one, whose bytes go before the new ones come', async () => {
    const newer = hubFile('alder-2.gguf', 9_000, 8);
    const rig = new StoreHostRig(ALDER, newer);
    await rig.download(REQUEST);
    const seen: (readonly string[])[] = [];
    rig.beforeWrite = async () => {
      seen.push(await rig.filesOfBytes());
    };
    expect(await rig.download(requestFor('alder', newer))).toMatchObject({
      value: { model: { state: 'verified', keptBytes: 9_000 } },
    });
    expect(seen).toEqual([[newer.spec.id]]);
  });
});
