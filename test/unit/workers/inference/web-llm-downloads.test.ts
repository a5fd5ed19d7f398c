import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LoadProgress } from '#contracts/engine';
import { failureOf, type WitanFailure } from '#contracts/errors';
import { WebLlmDownloads, type DownloadCaches } from '../../../../workers/inference/web-llm-downloads.ts';
import { webLlmFailure } from '../../../../workers/inference/web-llm-errors.ts';
import { FakeCaches } from '../../../fakes/web-llm-caches.ts';

const A = 'https://models.test/tiny/params_shard_0.bin';
const B = 'https://models.test/tiny/params_shard_1.bin';
const SHARDS = [
  { url: A, bytes: 6 },
  { url: B, bytes: 4 },
];

let store: FakeCaches;
let downloads: WebLlmDownloads;
let heard: LoadProgress[];
let requests: Request[];

/** A body that comes in these pieces, and breaks after them where `broken` says how. */
function pieces(parts: readonly string[], broken?: Error): Response {
  const left = [...parts];
  const encoder = new TextEncoder();
  return new Response(
    new ReadableStream({
      pull: (out) => {
        const part = left.shift();
        if (part !== undefined) out.enqueue(encoder.encode(part));
        else if (broken === undefined) out.close();
        else out.error(broken);
      },
    }),
  );
}

function serve(answers: Readonly<Record<string, () => Response>>): void {
  vi.stubGlobal('fetch', (request: Request) => {
    requests.push(request);
    const answer = answers[request.url];
    return answer === undefined
      ? Promise.reject(new TypeError('Failed to fetch'))
      : Promise.resolve(answer());
  });
}

async function add(url: string, signal?: AbortSignal): Promise<WitanFailure | null> {
  const cache = await downloads.open('webllm/model');
  try {
    await cache.add(new Request(url, signal === undefined ? {} : { signal }));
    return null;
  } catch (thrown) {
    return thrown instanceof Error && thrown.name !== 'WitanError'
      ? webLlmFailure(thrown, 'Tiny')
      : failureOf(thrown);
  }
}

beforeEach(() => {
  store = new FakeCaches();
  downloads = new WebLlmDownloads(store as unknown as DownloadCaches);
  heard = [];
  requests = [];
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const follow = (kept: readonly string[] = []): (() => void) =>
  downloads.follow('Tiny', SHARDS, new Set(kept), (progress) => heard.push(progress));

describe('what is fetched', () => {
  it('is kept, and counted as it comes', async () => {
    serve({ [A]: () => pieces(['ab', 'cdef']), [B]: () => pieces(['ghij']) });
    follow();
    expect(await add(A)).toBeNull();
    expect(await add(B)).toBeNull();
    expect(store.named('webllm/model').kept.get(A)).toBe('abcdef');
    expect(heard).toEqual([
      { phase: 'fetch', fraction: 0.2, bytes: 2 },
      { phase: 'fetch', fraction: 0.6, bytes: 6 },
      { phase: 'fetch', fraction: 1, bytes: 10 },
    ]);
  });

  it('goes on from what was kept before', async () => {
    serve({ [B]: () => pieces(['ghij']) });
    follow([A]);
    await add(B);
    expect(heard.at(-1)).toEqual({ phase: 'fetch', fraction: 1, bytes: 10 });
  });

  it('leaves no second copy in the HTTP cache', async () => {
    serve({ [A]: () => pieces(['abcdef']) });
    await add(A);
    expect(requests[0]?.cache).toBe('no-store');
  });

  it('says that the line is alive when its size is not known', async () => {
    serve({ 'https://models.test/lib.wasm': () => pieces(['xyz', 'xyz']) });
    follow([A]);
    await add('https://models.test/lib.wasm');
    expect(heard).toEqual([
      { phase: 'fetch', fraction: 0.6, bytes: 6 },
      { phase: 'fetch', fraction: 0.6, bytes: 6 },
    ]);
  });

  it('belongs to nobody after the load', async () => {
    serve({ [A]: () => pieces(['abcdef']) });
    follow()();
    expect(await add(A)).toBeNull();
    expect(heard).toEqual([]);
  });
});

describe('what goes wrong', () => {
  it.each([
    ['too short', ['abc'], 3],
    ['too long', ['abcdef', 'g'], 7],
    ['a login page', ['<!doctype html>'], 15],
  ])('a shard that is %s is refused and not kept', async (_what, parts, bytes) => {
    serve({ [A]: () => pieces(parts) });
    follow();
    expect(await add(A)).toEqual({
      code: 'model-invalid',
      details: { model: 'Tiny', reason: 'shard', file: 'params_shard_0.bin', expectedBytes: 6, bytes },
    });
    expect(store.named('webllm/model').kept.size).toBe(0);
  });

  it('a refusal keeps its status', async () => {
    serve({ [A]: () => new Response('Too many requests', { status: 429 }) });
    follow();
    expect(await add(A)).toEqual({
      code: 'model-fetch-failed',
      details: { model: 'Tiny', file: 'params_shard_0.bin', status: 429 },
    });
  });

  it('a line that breaks is a fetch failure, whatever the browser says of it', async () => {
    serve({ [A]: () => pieces(['ab'], new TypeError('network error')) });
    follow();
    expect(await add(A)).toMatchObject({
      code: 'model-fetch-failed',
      details: { reason: 'cut' },
      cause: 'TypeError: network error',
    });
  });

  it('nobody at the address', async () => {
    serve({});
    follow();
    expect(await add(A)).toMatchObject({ code: 'model-fetch-failed' });
  });

  it('no room on the device', async () => {
    serve({ [A]: () => pieces(['abcdef']) });
    follow();
    store.full = true;
    expect(await add(A)).toMatchObject({ code: 'model-fetch-failed', details: { reason: 'storage-full' } });
  });

  it('an abort in the middle', async () => {
    const stop = new AbortController();
    serve({
      [A]: () =>
        new Response(
          new ReadableStream({
            pull: (out) => {
              stop.abort();
              out.error(stop.signal.reason);
            },
          }),
        ),
    });
    follow();
    expect(await add(A, stop.signal)).toMatchObject({ code: 'cancelled' });
  });
});

it('takes the place of the worker’s own caches, and passes the rest on', async () => {
  store.named('webllm/model').kept.set(A, 'abcdef');
  vi.stubGlobal('caches', store);
  const installed = WebLlmDownloads.install();
  expect(caches).toBe(installed);
  const cache = await caches.open('webllm/model');
  expect(await (await cache.match(new Request(A)))?.text()).toBe('abcdef');
  expect((await cache.keys()).map(({ url }) => url)).toEqual([A]);
  expect(await cache.delete(new Request(A))).toBe(true);
  expect(await cache.match(new Request(A))).toBeUndefined();
});
