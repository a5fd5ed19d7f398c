import { beforeEach, describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import type { ManifestSource } from '#contracts/catalogue';
import type { MlcBringing } from '#contracts/models';
import { MLC_FOLDER, MLC_LIBRARY, MLC_MODEL, mlcFiles, tensorListOf } from '../../../fakes/mlc-model.ts';
import { seededBytes } from '../../../fakes/seeded-bytes.ts';
import { CHUNK, progressLine, same, StoreHostRig, valueOf } from './store-host-rig.ts';

const SIZES = [CHUNK + 1000, 500];
const WEIGHTS = CHUNK + 1500;
const SHARD_0 = `${MLC_FOLDER}params_shard_0.bin`;
const SHARD_1 = `${MLC_FOLDER}params_shard_1.bin`;
const LIST = `${MLC_FOLDER}tensor-cache.json`;
const CONFIG = `${MLC_FOLDER}mlc-chat-config.json`;
const YES: MlcBringing = { mayFetch: true };
const NO: MlcBringing = { mayFetch: false };

let files: Map<string, Uint8Array<ArrayBuffer>>;
let rig: StoreHostRig;

function rigOf(served = files): StoreHostRig {
  return new StoreHostRig(
    ...[...served].map(([url, content]) => ({
      content,
      spec: { id: '', urls: [url], sizeBytes: null, sha256: null, chunkSha256: null },
    })),
  );
}

const listing = (mayFetch: boolean, model = MLC_MODEL) => rig.drive(rig.host.mlcListing(model, mayFetch));
const bring = (how: MlcBringing, model = MLC_MODEL) => rig.drive(rig.host.bringMlc(model, how));
const bytesAt = (url: string) => present(files.get(url), url);
const asked = (): readonly string[] => rig.net.requests.map(({ url }) => url.replace(/#.*/, ''));
/** Puts other bytes at an address. */
const serve = (url: string, content: Uint8Array<ArrayBuffer>): void => {
  Object.assign(present(rig.net.servers[url], 'server'), { content });
};
const text = (words: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(words);

async function expectWhole(model = MLC_MODEL): Promise<void> {
  const read = new Map(valueOf(await rig.host.readMlc(model.id)).map(({ url, file }) => [url, file]));
  expect([...read.keys()].sort()).toEqual([...files.keys()].sort());
  for (const [url, file] of read)
    expect(same(new Uint8Array(await file.arrayBuffer()), bytesAt(url)), url).toBe(true);
}

beforeEach(() => {
  files = mlcFiles(SIZES);
  rig = rigOf();
});

describe('before the user has said yes', () => {
  it('nothing is fetched, and the store knows of no model', async () => {
    expect(await listing(false)).toMatchObject({ error: { code: 'consent-required' } });
    expect(await bring(NO)).toMatchObject({ error: { code: 'consent-required' } });
    expect(rig.net.requests).toEqual([]);
    expect(valueOf(await rig.host.list())).toEqual([]);
  });

  it('the figures of what is missing are told once the lists are here', async () => {
    valueOf(await listing(true));
    const before = rig.net.requests.length;
    expect(await bring(NO)).toMatchObject({
      error: { code: 'consent-required', details: { model: 'Tiny', totalBytes: WEIGHTS, keptBytes: 0 } },
    });
    expect(rig.net.requests).toHaveLength(before);
  });
});

it('lists fetch the two files that name the others, and no weights', async () => {
  expect(valueOf(await listing(true))).toEqual({
    complete: false,
    keptBytes: 0,
    totalBytes: WEIGHTS,
    largestTensorBytes: CHUNK + 1000,
  });
  expect(new Set(asked())).toEqual(new Set([CONFIG, LIST]));
  expect(valueOf(await listing(false))).toMatchObject({ complete: false, totalBytes: WEIGHTS });
  // It does not look whole because all that is known of it is here.
  expect(await rig.model(MLC_MODEL.id)).toMatchObject({ state: 'partial' });
});

describe('brought', () => {
  it('all of it is here as it was served, by the addresses that web-llm asks for, and is not asked for again', async () => {
    const line = progressLine();
    const receipt = valueOf(await rig.drive(rig.host.bringMlc(MLC_MODEL, YES, line.port)));
    expect(receipt.model).toMatchObject({
      id: MLC_MODEL.id,
      name: 'Tiny',
      format: 'mlc',
      origin: 'catalogue',
      state: 'verified',
    });
    expect(receipt.model.sizeBytes).toBe([...files.values()].reduce((sum, { length }) => sum + length, 0));
    await expectWhole();
    await line.closed;
    expect(line.told[0]).toMatchObject({ phase: 'download', doneBytes: 0, modelId: MLC_MODEL.id });
    expect(line.told.at(-1)).toMatchObject({
      doneBytes: receipt.model.sizeBytes,
      totalBytes: receipt.model.sizeBytes,
    });
    const before = rig.net.requests.length;
    expect(await listing(false)).toMatchObject({ value: { complete: true, keptBytes: WEIGHTS } });
    expect(await bring(NO)).toMatchObject({ value: { transferredBytes: 0 } });
    expect(rig.net.requests).toHaveLength(before);
  });

  it('of a model with a manifest are the lists that it names', async () => {
    const model: ManifestSource = { ...MLC_MODEL, manifest: 'package.json' };
    const moved = new Map([
      [
        `${MLC_FOLDER}package.json`,
        text('{"chat_config":"c.json","weights":{"manifest":"w/tensor-cache.json"}}'),
      ],
      [`${MLC_FOLDER}c.json`, bytesAt(CONFIG)],
      [`${MLC_FOLDER}w/tensor-cache.json`, bytesAt(LIST)],
      [`${MLC_FOLDER}tokenizer.json`, bytesAt(`${MLC_FOLDER}tokenizer.json`)],
      [MLC_LIBRARY, bytesAt(MLC_LIBRARY)],
      [`${MLC_FOLDER}w/params_shard_0.bin`, bytesAt(SHARD_0)],
      [`${MLC_FOLDER}w/params_shard_1.bin`, bytesAt(SHARD_1)],
    ]);
    files = moved;
    rig = rigOf();
    valueOf(await bring(YES, model));
    await expectWhole(model);
  });

  it('goes on where it was broken off', async () => {
    rig.net.servers[SHARD_0]?.faults.push({ fault: 'stall', afterBytes: CHUNK + 10 });
    const stopped = rig.host.bringMlc(MLC_MODEL, YES);
    while (rig.writes.length < 5) {
      await new Promise((resolve) => setImmediate(resolve));
      rig.clock.step();
    }
    await rig.drive(rig.host.pause(MLC_MODEL.id));
    expect(await stopped).toMatchObject({ error: { code: 'cancelled' } });
    const { keptBytes } = valueOf(await listing(false));
    expect(keptBytes).toBeGreaterThanOrEqual(CHUNK);
    expect(await rig.model(MLC_MODEL.id)).toMatchObject({ state: 'partial' });
    expect(valueOf(await bring(YES)).transferredBytes).toBe(WEIGHTS - keptBytes);
    await expectWhole();
  });

  it('shares what another model has too, and a sibling without its own library is not complete', async () => {
    valueOf(await bring(YES));
    const sibling = { ...MLC_MODEL, id: 'Tiny-1k', libraryUrl: 'https://libraries.example/tiny-1k.wasm' };
    Object.assign(rig.net.servers, {
      [sibling.libraryUrl]: { ...rig.net.servers[MLC_LIBRARY], content: text('1k') },
    });
    expect(await listing(false, sibling)).toMatchObject({ value: { complete: false, keptBytes: WEIGHTS } });
    expect(valueOf(await rig.host.list())).toHaveLength(1);
    expect(valueOf(await bring(YES, sibling)).transferredBytes).toBe(2);
    valueOf(await rig.host.remove(MLC_MODEL.id));
    expect(await listing(false, sibling)).toMatchObject({ value: { complete: true } });
  });

  it('at once with a sibling waits for what that one is fetching for both', async () => {
    const sibling = { ...MLC_MODEL, id: 'Tiny-1k' };
    const both = [MLC_MODEL, sibling].map((model) => rig.host.bringMlc(model, YES));
    for (const brought of await rig.drive(Promise.all(both))) expect(brought.ok).toBe(true);
    expect(asked().filter((url) => url === SHARD_1)).toHaveLength(1);
    await expectWhole();
    await expectWhole(sibling);
  });

  it('is refused while somebody else is at it, and not when that one was just stopped', async () => {
    const first = rig.host.bringMlc(MLC_MODEL, YES);
    expect(await rig.host.bringMlc(MLC_MODEL, YES)).toMatchObject({ error: { code: 'model-downloading' } });
    const paused = rig.host.pause(MLC_MODEL.id);
    const second = rig.host.bringMlc(MLC_MODEL, YES);
    expect(await rig.drive(first)).toMatchObject({ error: { code: 'cancelled' } });
    await paused;
    valueOf(await rig.drive(second));
    await expectWhole();
  });
});

describe('what earlier visits left', () => {
  const leave = (...urls: readonly string[]): void => {
    for (const url of urls) rig.earlier.set(url, new Blob([bytesAt(url)]));
  };

  it('is taken over without a yes when it is all, and fetched no second time', async () => {
    leave(...files.keys());
    expect(await listing(false)).toMatchObject({ value: { complete: false, totalBytes: WEIGHTS } });
    valueOf(await bring(NO));
    expect(rig.net.requests).toEqual([]);
    expect([...rig.earlier.keys()]).toEqual([]);
    await expectWhole();
  });

  it('is taken over with a yes as far as it goes', async () => {
    leave(LIST, SHARD_0);
    expect(await bring(NO)).toMatchObject({ error: { code: 'consent-required' } });
    valueOf(await bring(YES));
    expect(asked()).not.toContain(SHARD_0);
    await expectWhole();
  });

  it.each([
    ['too short', (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(1)],
    ['other bytes', (bytes: Uint8Array<ArrayBuffer>) => bytes.map((byte) => byte ^ 1)],
  ])('is fetched where it is %s', async (_what, spoil) => {
    leave(...files.keys());
    rig.earlier.set(SHARD_1, new Blob([spoil(bytesAt(SHARD_1))]));
    expect(await bring(NO)).toMatchObject({ error: { code: 'consent-required' } });
    valueOf(await bring(YES));
    expect(new Set(asked())).toEqual(new Set([SHARD_1]));
    await expectWhole();
  });
});

describe('bytes that are wrong', () => {
  it('of a shard are found by its sum, and fetched once more', async () => {
    const wrong = bytesAt(SHARD_1).map((byte) => byte ^ 1);
    serve(SHARD_1, wrong);
    const { get } = rig.net;
    rig.net.get = (signal, url, range) => {
      if (asked().filter((each) => each === SHARD_1).length === 1) serve(SHARD_1, bytesAt(SHARD_1));
      return get.call(rig.net, signal, url, range);
    };
    valueOf(await bring(YES));
    expect(asked().filter((url) => url === SHARD_1)).toHaveLength(2);
    await expectWhole();
  });

  it('of a shard that is another one now: the list is read anew by the next try, and nothing old is mixed in', async () => {
    const other = seededBytes(700, 77);
    serve(
      SHARD_1,
      bytesAt(SHARD_1).map((byte) => byte ^ 1),
    );
    expect(await bring(YES)).toMatchObject({
      error: { code: 'model-invalid', details: { reason: 'md5', file: SHARD_1 } },
    });
    expect(await rig.model(MLC_MODEL.id)).toMatchObject({ state: 'partial' });
    files.set(SHARD_1, other).set(LIST, text(tensorListOf([bytesAt(SHARD_0), other])));
    serve(SHARD_1, other);
    serve(LIST, bytesAt(LIST));
    const before = rig.net.requests.length;
    valueOf(await bring(YES));
    expect(asked().slice(before)).not.toContain(SHARD_0);
    await expectWhole();
  });

  it('that rot are mended chunk by chunk; without a yes they are only found', async () => {
    valueOf(await bring(YES));
    const shard = present(
      (await rig.model(MLC_MODEL.id))?.files.find(({ urls }) => urls[0]?.includes('shard_0')),
      'shard',
    );
    await rig.flip(shard.id, 5);
    expect(await rig.host.readMlc(MLC_MODEL.id)).toMatchObject({
      error: { code: 'model-invalid', details: { reason: 'chunk', chunks: 1 } },
    });
    expect(await bring(NO)).toMatchObject({
      error: { code: 'consent-required', details: { totalBytes: WEIGHTS, keptBytes: WEIGHTS - CHUNK } },
    });
    expect(await bring(YES)).toMatchObject({ value: { transferredBytes: CHUNK, repairedChunks: 1 } });
    await expectWhole();
  });

  it('that rot in a list are not mistaken for a list that is wrong', async () => {
    valueOf(await bring(YES));
    const list = present(
      (await rig.model(MLC_MODEL.id))?.files.find(({ urls }) => urls[0] === LIST),
      'list',
    );
    await rig.flip(list.id, 0);
    expect(await listing(false)).toMatchObject({ error: { code: 'consent-required' } });
    expect(await rig.model(MLC_MODEL.id)).toMatchObject({ state: 'suspect' });
    expect(await listing(true)).toMatchObject({ value: { complete: true } });
    await expectWhole();
  });
});

describe('a list that is none', () => {
  it.each([
    ['a page', '<!doctype html>', 'json'],
    ['empty', '{"records":[]}', 'tensor-list'],
    ['without sizes', '{"records":[{"dataPath":"a"}]}', 'tensor-list'],
    [
      'of negative sizes',
      tensorListOf([new Uint8Array(4)]).replace(/"nbytes":4/g, '"nbytes":-4'),
      'tensor-list',
    ],
    [
      'of files elsewhere',
      tensorListOf([new Uint8Array(4)]).replace('params_', 'https://evil.example/'),
      'file-name',
    ],
    [
      'of files above its folder',
      tensorListOf([new Uint8Array(4)]).replace('params_', '../../'),
      'file-name',
    ],
  ])('is refused, and not kept: %s', async (_what, body, reason) => {
    serve(LIST, text(body));
    expect(await bring(YES)).toMatchObject({ error: { code: 'model-invalid', details: { reason } } });
    expect(valueOf(await rig.host.list())).toEqual([]);
    expect(asked().some((url) => url.includes('evil'))).toBe(false);
    serve(LIST, bytesAt(LIST));
    valueOf(await bring(YES));
    await expectWhole();
  });

  it('is not read to its end when it has none', async () => {
    serve(LIST, new Uint8Array(17 * 2 ** 20).fill(32));
    expect(await bring(YES)).toMatchObject({
      error: { code: 'model-invalid', details: { reason: 'list-too-long', file: LIST } },
    });
    expect(valueOf(await rig.host.list())).toEqual([]);
  });
});

describe('fetched anew', () => {
  it('is the library alone; the old one stays until the new one is here', async () => {
    valueOf(await bring(YES));
    const server = present(rig.net.servers[MLC_LIBRARY], 'server');
    server.always = { fault: 'status', status: 404 };
    expect((await bring({ mayFetch: true, anew: 'library' })).ok).toBe(false);
    server.always = null;
    files.set(MLC_LIBRARY, text('\0asm of another generation'));
    serve(MLC_LIBRARY, bytesAt(MLC_LIBRARY));
    const before = rig.net.requests.length;
    valueOf(await bring({ mayFetch: true, anew: 'library' }));
    expect(new Set(asked().slice(before))).toEqual(new Set([MLC_LIBRARY]));
    await expectWhole();
    expect(await listing(false)).toMatchObject({ value: { complete: true } });
    expect(await rig.filesOfBytes()).toHaveLength(files.size);
  });

  it('is all but the weights', async () => {
    valueOf(await bring(YES));
    const before = rig.net.requests.length;
    valueOf(await bring({ mayFetch: true, anew: 'small' }));
    expect(new Set(asked().slice(before))).toEqual(
      new Set([CONFIG, LIST, `${MLC_FOLDER}tokenizer.json`, MLC_LIBRARY]),
    );
    await expectWhole();
  });
});

it('a model of MLC says nothing of a GGUF header, and is deleted with all its files', async () => {
  valueOf(await bring(YES));
  expect(await rig.host.inspect(MLC_MODEL.id)).toMatchObject({ error: { code: 'request-unsupported' } });
  valueOf(await rig.host.remove(MLC_MODEL.id));
  expect(await rig.filesOfBytes()).toEqual([]);
  expect(await listing(false)).toMatchObject({ error: { code: 'consent-required' } });
});

describe('files that turned out to be of no use, without a yes', () => {
  it('count as missing from now on, and come anew with the yes', async () => {
    valueOf(await bring(YES));
    const before = rig.net.requests.length;
    expect(await bring({ mayFetch: false, anew: 'small' })).toMatchObject({
      error: { code: 'consent-required' },
    });
    expect(await rig.model(MLC_MODEL.id)).toMatchObject({ state: 'partial' });
    expect(await listing(false)).toMatchObject({ error: { code: 'consent-required' } });
    expect(rig.net.requests).toHaveLength(before);
    valueOf(await bring(YES));
    expect(
      asked()
        .slice(before)
        .some((url) => url.includes('params_shard')),
    ).toBe(false);
    await expectWhole();
  });

  it('is the library alone where only that is', async () => {
    valueOf(await bring(YES));
    const before = rig.net.requests.length;
    expect(await bring({ mayFetch: false, anew: 'library' })).toMatchObject({
      error: { code: 'consent-required', details: { totalBytes: WEIGHTS, keptBytes: WEIGHTS } },
    });
    valueOf(await bring(YES));
    expect(new Set(asked().slice(before))).toEqual(new Set([MLC_LIBRARY]));
  });
});
