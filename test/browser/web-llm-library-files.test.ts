import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cdp } from 'vitest/browser';
import {
  LIBRARY_PATH,
  LIBRARY_URL,
  LibraryHarness,
  NEVER,
  tell,
  WEIGHTS_URL,
} from '../fakes/web-llm-library.ts';
import { OTHER_GENERATION } from '../fakes/web-llm-other-generation.ts';

const devtools = cdp() as unknown as { send(method: string): Promise<unknown> };

// What web-llm fetches and keeps, workers that hang and a GPU process that crashes, with a real library: see web-llm-library.test.ts.
test.skipIf(LIBRARY_PATH !== undefined)('files of web-llm with a real library', ({ skip }) => {
  skip(
    'WITAN_WEBLLM_LIBRARY names no model library: the proof that its files are kept and mended is skipped',
  );
});

describe.skipIf(LIBRARY_PATH === undefined)('files of web-llm with a real library', () => {
  let harness: LibraryHarness;
  const KEPT = ['webllm/model', 'webllm/config', 'webllm/wasm'] as const;

  const put = async (cache: string, url: string, body: BodyInit): Promise<void> => {
    await (await caches.open(cache)).put(url, new Response(body));
  };
  const keptUrls = async (): Promise<readonly string[]> => {
    const all = KEPT.map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url));
    return (await Promise.all(all)).flat();
  };

  beforeAll(async () => {
    harness = await LibraryHarness.prepare(LIBRARY_PATH ?? '');
  });

  beforeEach(async () => {
    for (const name of KEPT) await caches.delete(name);
  });

  afterEach(() => harness.end());

  test('can be asked for before and after they are fetched, and removed without a load', async () => {
    const { model } = harness.options;
    const { engine, worker } = harness.start();
    const kept = (ask: 'kept' | 'size') =>
      worker.call(null, (api) => api.keptModel?.(model, ask) ?? Promise.reject(new Error('no such method')));
    expect(await kept('kept')).toEqual({
      ok: true,
      value: { complete: false, keptBytes: 0, totalBytes: null },
    });
    const totalBytes = harness.synthetic.weightBytes;
    expect(await kept('size')).toEqual({ ok: true, value: { complete: false, keptBytes: 0, totalBytes } });
    expect((await engine.load(NEVER, harness.options)).ok).toBe(true);
    const whole = await kept('kept');
    tell('kept', whole);
    expect(whole).toEqual({ ok: true, value: { complete: true, keptBytes: totalBytes, totalBytes } });
    await engine.unload();
    const other = harness.start();
    const removed = await other.worker.call(
      null,
      (api) => api.removeModel?.(model, 'all', []) ?? Promise.reject(new Error('no such method')),
    );
    expect(removed).toEqual({ ok: true, value: null });
    expect(await keptUrls()).toEqual([]);
  });

  test('a kept library of another generation is fetched anew, and the model loads', async () => {
    await put('webllm/wasm', LIBRARY_URL, OTHER_GENERATION);
    const loaded = await harness.start().engine.load(NEVER, harness.options);
    tell('loaded after a library of another generation', loaded);
    expect(loaded.ok).toBe(true);
  });

  test('a library that is of another generation where it comes from is incompatible', async () => {
    const elsewhere = LIBRARY_URL.replace('library', 'other');
    await put('test/network', elsewhere, OTHER_GENERATION);
    const model = { ...harness.options.model, libraryUrl: elsewhere };
    const loaded = await harness.start().engine.load(NEVER, { ...harness.options, model });
    tell('incompatible', loaded);
    expect(loaded).toMatchObject({ ok: false, error: { code: 'engine-incompatible' } });
  });

  test('a shard that comes too short is refused, and the next load starts clean', async () => {
    const url = `${WEIGHTS_URL}params_shard_1.bin`;
    const network = await caches.open('test/network');
    const whole = await (await network.match(url))?.blob();
    await put('test/network', url, whole?.slice(0, 1000) ?? '');
    const loaded = await harness.start().engine.load(NEVER, harness.options);
    tell('cut shard', loaded);
    await put('test/network', url, whole ?? '');
    expect(loaded).toMatchObject({
      ok: false,
      error: { code: 'model-invalid', details: { reason: 'shard', file: 'params_shard_1.bin', bytes: 1000 } },
    });
    expect(await keptUrls()).not.toContain(url);
    expect((await harness.start().engine.load(NEVER, harness.options)).ok).toBe(true);
  });

  test('a worker that hangs is found, and what waits for it is told', async () => {
    const { engine, worker } = harness.start();
    expect((await engine.load(NEVER, harness.options)).ok).toBe(true);
    const outcome = await worker.call(null, (api) => api.hang());
    tell('hung', outcome);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'worker-lost' } });
    expect(worker.alive).toBe(false);
  });

  test('a GPU process that crashes ends the answer that runs, and a new worker brings the model back', async () => {
    const { engine, worker } = harness.start();
    expect((await engine.load(NEVER, harness.options)).ok).toBe(true);
    const told = worker.call(null, (api) => api.engineLost?.() ?? Promise.reject(new Error('not told')));
    const request = { prompt: 'Hello', temperature: 0, seed: 1, ignoreEos: true };
    let crashedMs = 0;
    const outcome = await engine.generate(NEVER, { ...request, maxTokens: 60 }, (chunk) => {
      if (chunk.tokens !== 2) return;
      crashedMs = performance.now();
      void devtools.send('Browser.crashGpuProcess');
    });
    tell('GPU process crashed', { afterMs: Math.round(performance.now() - crashedMs), outcome });
    const lost = { ok: false, error: { code: 'device-lost' } };
    expect(outcome).toMatchObject(lost);
    expect(await told).toMatchObject(lost);
    const next = harness.start().engine;
    expect((await next.load(NEVER, harness.options)).ok).toBe(true);
    expect(await next.generate(NEVER, { ...request, maxTokens: 2 }, () => undefined)).toMatchObject({
      ok: true,
      value: { completionTokens: 2 },
    });
  });
});
