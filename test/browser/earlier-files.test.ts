import { beforeEach, expect, test } from 'vitest';
import { ok } from '#kernel/result';
import type { MlcSource } from '#contracts/engine';
import { forgetEarlier, keptWeights } from '../../src/app/kept-weights.ts';
import { CachedEarlier } from '../../workers/storage/earlier-files.ts';
import { storedModel } from '../fakes/models-port.ts';

// What web-llm kept in the real Cache API, before the model store kept its files.
const FOLDER = 'https://models.witan.invalid/tiny/resolve/main/';
const SHARD = `${FOLDER}params_shard_0.bin`;
const CONFIG = `${FOLDER}mlc-chat-config.json`;
const LIBRARY = 'https://models.witan.invalid/tiny.wasm';
const MODEL: MlcSource = {
  format: 'mlc',
  id: 'tiny',
  name: 'Tiny',
  weightsUrl: FOLDER,
  libraryUrl: LIBRARY,
  sizeBytes: null,
  requiredFeatures: [],
  overrides: {},
};
const earlier = new CachedEarlier(caches);

beforeEach(async () => {
  for (const name of await caches.keys()) await caches.delete(name);
});

async function keepAll(): Promise<void> {
  const kept = [
    ['webllm/model', SHARD, 'weights'],
    ['webllm/config', CONFIG, '{}'],
    ['webllm/wasm', LIBRARY, 'library'],
    ['webllm/model', 'https://models.witan.invalid/tiny/resolve/main-2/other', 'other'],
  ] as const;
  for (const [cache, url, body] of kept) await (await caches.open(cache)).put(url, new Response(body));
}

test('is found by its address, in whichever cache it is, and forgotten', async () => {
  await keepAll();
  for (const [url, body] of [
    [SHARD, 'weights'],
    [CONFIG, '{}'],
    [LIBRARY, 'library'],
  ] as const) {
    expect(await (await earlier.find(url))?.text()).toBe(body);
    await earlier.forget(url);
    expect(await earlier.find(url)).toBeNull();
  }
});

test('is nothing where nothing was kept, and to look makes no cache', async () => {
  expect(await earlier.find(SHARD)).toBeNull();
  await earlier.forget(SHARD);
  expect(await keptWeights(() => Promise.reject(new TypeError('no code')))).toEqual(new Set());
  await forgetEarlier(MODEL, []);
  expect(await caches.keys()).toEqual([]);
  expect(await new CachedEarlier(null).find(SHARD)).toBeNull();
});

test('counts among the weights on this device, beside those of the store', async () => {
  await (await caches.open('webllm/model')).put(SHARD, new Response('weights'));
  const file = {
    id: 'url-1',
    state: 'verified' as const,
    sizeBytes: 7,
    keptBytes: 7,
    chunks: 1,
    keptChunks: 1,
    sha256: null,
    faults: [],
    checkedAtMs: null,
    lostChunks: 0,
  };
  const stored = storedModel({
    format: 'mlc',
    files: [
      { ...file, urls: ['https://models.witan.invalid/other/params_shard_0.bin#7-0a'] },
      { ...file, urls: ['https://models.witan.invalid/other/params_shard_1.bin#7-0b'], keptBytes: 0 },
      { ...file, urls: ['https://models.witan.invalid/lists-only/tensor-cache.json'] },
    ],
  });
  const kept = await keptWeights(() => Promise.resolve({ list: () => Promise.resolve(ok([stored])) }));
  expect(kept).toEqual(new Set([SHARD, 'https://models.witan.invalid/other/params_shard_0.bin']));
});

test('goes with its model; a library that another one needs stays', async () => {
  await keepAll();
  await forgetEarlier(MODEL, [{ ...MODEL, id: 'sibling' }]);
  expect(await earlier.find(SHARD)).toBeNull();
  expect(await earlier.find(CONFIG)).toBeNull();
  expect(await (await earlier.find(LIBRARY))?.text()).toBe('library');
  await forgetEarlier(MODEL, []);
  expect(await earlier.find(LIBRARY)).toBeNull();
  expect(await earlier.find('https://models.witan.invalid/tiny/resolve/main-2/other')).not.toBeNull();
});
