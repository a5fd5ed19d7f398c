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

// What of a model is fetched, kept and mended, workers that hang and a GPU process that crashes, with a real library: see web-llm-library.test.ts.
test.skipIf(LIBRARY_PATH !== undefined)('files of web-llm with a real library', ({ skip }) => {
  skip(
    'WITAN_WEBLLM_LIBRARY names no model library: the proof that its files are kept and mended is skipped',
  );
});

describe.skipIf(LIBRARY_PATH === undefined)('files of web-llm with a real library', () => {
  let harness: LibraryHarness;

  const put = async (cache: string, url: string, body: BodyInit): Promise<void> => {
    await (await caches.open(cache)).put(url, new Response(body));
  };
  beforeAll(async () => {
    harness = await LibraryHarness.prepare(LIBRARY_PATH ?? '');
  });

  beforeEach(async () => {
    for (const name of ['webllm/model', 'webllm/config', 'webllm/wasm']) await caches.delete(name);
    await harness.models.remove(harness.options.model.id);
  });

  afterEach(() => harness.end());

  test('is told before and after it comes, and goes when it is deleted', async () => {
    const { model } = harness.options;
    const totalBytes = harness.synthetic.weightBytes;
    const { engine } = harness.start();
    expect(await harness.models.mlcListing(model, false)).toMatchObject({
      error: { code: 'consent-required' },
    });
    expect(await engine.load(NEVER, { ...harness.options, download: false })).toMatchObject({
      error: { code: 'consent-required' },
    });
    expect(await harness.models.mlcListing(model, true)).toMatchObject({
      value: { complete: false, keptBytes: 0, totalBytes },
    });
    expect((await engine.load(NEVER, harness.options)).ok).toBe(true);
    expect(await harness.models.mlcListing(model, false)).toMatchObject({
      value: { complete: true, keptBytes: totalBytes },
    });
    await engine.unload();
    // Nothing is fetched now, and so it needs no yes.
    expect((await harness.start().engine.load(NEVER, { ...harness.options, download: false })).ok).toBe(true);
    expect(await caches.has('webllm/model')).toBe(false);
    await harness.models.remove(model.id);
    expect(await harness.models.list()).toEqual({ ok: true, value: [] });
  });

  test('a library of another generation that earlier visits left is fetched anew, and the model loads', async () => {
    await put('webllm/wasm', LIBRARY_URL, OTHER_GENERATION);
    const loaded = await harness.start().engine.load(NEVER, harness.options);
    tell('loaded after a library of another generation', loaded);
    expect(loaded.ok).toBe(true);
    expect((await harness.start().engine.load(NEVER, { ...harness.options, download: false })).ok).toBe(true);
  });

  test('a library that is of another generation where it comes from is incompatible', async () => {
    const elsewhere = LIBRARY_URL.replace('library', 'other');
    await put('test/network', elsewhere, OTHER_GENERATION);
    const model = { ...harness.options.model, libraryUrl: elsewhere };
    const loaded = await harness.start().engine.load(NEVER, { ...harness.options, model });
    tell('incompatible', loaded);
    expect(loaded).toMatchObject({ ok: false, error: { code: 'engine-incompatible' } });
  });

  test.each([
    ['too short', (whole: Blob) => whole.slice(0, 1000), { code: 'model-fetch-failed' }],
    [
      'damaged',
      (whole: Blob) => new Blob([whole.slice(0, -1), 'x']),
      { code: 'model-invalid', details: { reason: 'md5' } },
    ],
  ])('a shard that comes %s is refused, and the next load starts clean', async (_what, spoil, error) => {
    const url = `${WEIGHTS_URL}params_shard_1.bin`;
    const network = await caches.open('test/network');
    const whole = (await (await network.match(url))?.blob()) ?? new Blob();
    await put('test/network', url, spoil(whole));
    const loaded = await harness.start().engine.load(NEVER, harness.options);
    tell('spoilt shard', loaded);
    await put('test/network', url, whole);
    expect(loaded).toMatchObject({ ok: false, error });
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
