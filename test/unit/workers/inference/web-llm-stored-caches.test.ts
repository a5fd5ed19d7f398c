import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { StoredCaches } from '../../../../workers/inference/web-llm-stored-caches.ts';

const A = 'https://models.test/tiny/params_shard_0.bin';
const B = 'https://models.test/tiny/mlc-chat-config.json';
const FILES = [
  { url: A, file: new Blob(['weights']) },
  { url: B, file: new Blob(['{}']) },
];
const fetched = vi.fn();
const before = Object.getOwnPropertyDescriptor(globalThis, 'caches');

beforeEach(() => {
  vi.stubGlobal('fetch', fetched);
});

afterEach(() => {
  vi.unstubAllGlobals();
  if (before === undefined) Reflect.deleteProperty(globalThis, 'caches');
  else Object.defineProperty(globalThis, 'caches', before);
});

it('takes the place of the worker’s own caches, and has what it was given', async () => {
  const stored = StoredCaches.install();
  expect(caches).toBe(stored);
  stored.serve(FILES);
  const cache = await caches.open('webllm/model');
  expect(await (await cache.match(new Request(A)))?.text()).toBe('weights');
  expect(await (await cache.match(`${B}#/resolve/main/`))?.json()).toEqual({});
  expect((await cache.keys()).map(({ url }) => url)).toEqual([A, B]);
  // Each read begins at the start, and bytes are read as often as they are asked for.
  const found = await cache.match(A);
  for (const bytes of [await found?.arrayBuffer(), await found?.arrayBuffer()])
    expect(new TextDecoder().decode(bytes)).toBe('weights');
});

it('never fetches: what is not there is a failure that names it', async () => {
  const stored = new StoredCaches();
  stored.serve(FILES);
  const cache = await stored.open('webllm/model');
  const missing = 'https://models.test/tiny/params_shard_9.bin';
  expect(await cache.match(missing)).toBeUndefined();
  await expect(cache.add(new Request(missing))).rejects.toMatchObject({
    failure: { code: 'model-invalid', details: { reason: 'no-file', file: 'params_shard_9.bin' } },
  });
  expect(fetched).not.toHaveBeenCalled();
});

it('has only the files of the latest model, and deletes none', async () => {
  const stored = new StoredCaches();
  const cache = await stored.open('webllm/model');
  stored.serve(FILES);
  stored.serve([{ url: 'https://models.test/other', file: new Blob(['other']) }]);
  expect(await cache.match(A)).toBeUndefined();
  expect(await cache.delete('https://models.test/other')).toBe(false);
  expect(await (await cache.match('https://models.test/other'))?.text()).toBe('other');
});

it('answers all that web-llm’s runtime calls of a cache', () => {
  const source = readFileSync('node_modules/@mlc-ai/web-llm/lib/index.js', 'utf8');
  const start = source.indexOf('class ArtifactCache {');
  const artifactCache = source.slice(start, source.indexOf('class ArtifactIndexedDBCache'));
  const calls = [...artifactCache.matchAll(/this\.cache\.(\w+)\(/g)].map(([, name]) => name);
  expect(new Set(calls)).toEqual(new Set(['match', 'add', 'keys', 'delete']));
  const ofCaches = [...artifactCache.matchAll(/\bcaches\.(\w+)\(/g)].map(([, name]) => name);
  expect(new Set(ofCaches)).toEqual(new Set(['open']));
});
