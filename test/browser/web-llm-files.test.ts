import { beforeEach, describe, expect, test } from 'vitest';
import type { LoadProgress, MlcSource } from '#contracts/engine';
import { failureOf } from '#contracts/errors';
import { WebLlmDownloads } from '../../workers/inference/web-llm-downloads.ts';
import { webLlmFailure } from '../../workers/inference/web-llm-errors.ts';
import { keptModel, removeModel } from '../../workers/inference/web-llm-kept.ts';
import wasmUrl from '@wllama/wllama/esm/wasm/wllama.wasm?url';

// web-llm's files in the real Cache API, over real HTTP; any large file will do for weights.
const downloads = new WebLlmDownloads(caches);
const fileUrl = new URL(wasmUrl, location.href).href;
const FOLDER = new URL('./', fileUrl).href;
const FILE = fileUrl.slice(FOLDER.length);

const MODEL: MlcSource = {
  format: 'mlc',
  id: 'real',
  name: 'Real',
  weightsUrl: FOLDER,
  libraryUrl: 'https://models.witan.invalid/library.wasm',
  sizeBytes: null,
  requiredFeatures: [],
  overrides: {},
};

let size: number;
let heard: LoadProgress[];

async function add(bytes: number, signal?: AbortSignal): Promise<unknown> {
  const unfollow = downloads.follow('Real', [{ url: fileUrl, bytes }], new Set(), (progress) =>
    heard.push(progress),
  );
  try {
    const cache = await downloads.open('webllm/model');
    await cache.add(new Request(fileUrl, signal === undefined ? {} : { signal }));
    return 'kept';
  } catch (thrown) {
    const { code, details } =
      thrown instanceof Error && thrown.name === 'WitanError'
        ? failureOf(thrown)
        : webLlmFailure(thrown, 'Real');
    return { code, ...details };
  } finally {
    unfollow();
  }
}

const keptUrls = async (): Promise<readonly string[]> =>
  (await (await caches.open('webllm/model')).keys()).map(({ url }) => url);

beforeEach(async () => {
  for (const name of await caches.keys()) await caches.delete(name);
  size = (await (await fetch(fileUrl)).blob()).size;
  heard = [];
});

describe('a download', () => {
  test('is kept byte by byte as it came, and counted', async () => {
    expect(await add(size)).toBe('kept');
    const cached = await (await caches.open('webllm/model')).match(fileUrl);
    const [here, there] = await Promise.all([cached?.arrayBuffer(), (await fetch(fileUrl)).arrayBuffer()]);
    const hash = async (bytes: ArrayBuffer) =>
      new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).join();
    expect(here?.byteLength).toBe(size);
    expect(await hash(here ?? new ArrayBuffer(0))).toBe(await hash(there));
    expect(heard.length).toBeGreaterThan(1);
    expect(heard.at(-1)).toEqual({ phase: 'fetch', fraction: 1, bytes: size });
  });

  test.each([
    ['short', 1],
    ['long', -1],
  ])('of a file that is too %s leaves nothing', async (_what, more) => {
    const expectedBytes = size + more;
    expect(await add(expectedBytes)).toMatchObject({ code: 'model-invalid', reason: 'shard', expectedBytes });
    expect(await keptUrls()).toEqual([]);
  });

  test('that is given up in the middle leaves nothing', async () => {
    const stop = new AbortController();
    const adding = add(size, stop.signal);
    await expect.poll(() => heard.length, { interval: 1 }).toBeGreaterThan(0);
    stop.abort();
    // It may have been whole by then; a part of it is never kept.
    const end = await adding;
    expect(['kept', { code: 'cancelled', model: 'Real' }]).toContainEqual(end);
    expect(await keptUrls()).toEqual(end === 'kept' ? [fileUrl] : []);
  });

  test('from where nobody answers', async () => {
    const cache = await downloads.open('webllm/model');
    const thrown: unknown = await cache.add('http://localhost:9/x').catch((error: unknown) => error);
    expect(webLlmFailure(thrown, 'Real')).toMatchObject({ code: 'model-fetch-failed' });
  });
});

describe('what is kept', () => {
  const list = (bytes: number): string =>
    JSON.stringify({
      records: [
        {
          dataPath: FILE,
          nbytes: bytes,
          records: [{ nbytes: bytes, dtype: 'uint32', format: 'raw' }],
        },
      ],
    });
  const put = async (cache: string, url: string, body: string): Promise<void> => {
    await (await caches.open(cache)).put(url, new Response(body));
  };

  test('is told, and goes when it is removed', async () => {
    const none = { ok: true, value: { complete: false, keptBytes: 0, totalBytes: null } };
    expect(await keptModel(MODEL, 'kept')).toEqual(none);
    await put('webllm/model', `${FOLDER}tensor-cache.json`, list(size));
    expect(await keptModel(MODEL, 'kept')).toMatchObject({ value: { keptBytes: 0, totalBytes: size } });
    await add(size);
    await put('webllm/model', `${FOLDER}tokenizer.json`, '{}');
    await put('webllm/config', `${FOLDER}mlc-chat-config.json`, '{"tokenizer_files":["tokenizer.json"]}');
    await put('webllm/wasm', MODEL.libraryUrl, 'code');
    await put('webllm/wasm', 'https://models.witan.invalid/other.wasm', 'code');
    expect(await keptModel(MODEL, 'kept')).toEqual({
      ok: true,
      value: { complete: true, keptBytes: size, totalBytes: size },
    });
    expect(await removeModel(MODEL, 'all', [])).toEqual({ ok: true, value: null });
    expect(await keptModel(MODEL, 'kept')).toEqual(none);
    const left = await (await caches.open('webllm/wasm')).keys();
    expect(left.map(({ url }) => url)).toEqual(['https://models.witan.invalid/other.wasm']);
  });

  test('is a failure when the list is none, and that does not stay', async () => {
    await put('webllm/model', `${FOLDER}tensor-cache.json`, '<!doctype html>');
    expect(await keptModel(MODEL, 'kept')).toMatchObject({ ok: false, error: { code: 'model-invalid' } });
    expect(await keptUrls()).toEqual([]);
  });
});
