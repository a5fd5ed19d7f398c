import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#kernel/clock';
import type { Engine, GenerateRequest, LoadProgress, TokenChunk } from '#contracts/engine';
import {
  LIBRARY_PATH,
  LibraryHarness,
  NEVER,
  tell,
  tellBlock,
  type Started,
} from '../fakes/web-llm-library.ts';

/*
 * The real web-llm with a real compiled model library and random weights, on whatever WebGPU there is. Needs the path of
 * a library of web-llm's own generation (or the release that fits the library: see test/vitest/web-llm.config.ts):
 *   WITAN_WEBLLM_LIBRARY=….wasm npx vitest run -c test/vitest/web-llm.config.ts
 * A library whose vocabulary is open (gpt2-q0f16) is by far the fastest on a software GPU.
 */
test.skipIf(LIBRARY_PATH !== undefined)('web-llm with a real library', ({ skip }) => {
  skip('WITAN_WEBLLM_LIBRARY names no model library: the proof that web-llm really runs is skipped');
});

describe.skipIf(LIBRARY_PATH === undefined)('web-llm with a real library', () => {
  let harness: LibraryHarness;

  beforeAll(async () => {
    harness = await LibraryHarness.prepare(LIBRARY_PATH ?? '');
  });

  afterAll(() => harness.end());

  const request = (change: Partial<GenerateRequest> = {}): GenerateRequest => ({
    prompt: 'Hello',
    maxTokens: 3,
    temperature: 0,
    seed: 1,
    ignoreEos: true,
    ...change,
  });

  describe('loaded once', () => {
    let started: Started;
    let engine: Engine;

    beforeAll(async () => {
      started = harness.start();
      ({ engine } = started);
      const heard: LoadProgress[] = [];
      const loaded = await engine.load(NEVER, harness.options, (progress) => heard.push(progress));
      tell('loaded', loaded);
      tell('progress', heard);
      const { contextTokens, vocabulary, weightBytes } = harness.synthetic;
      expect(loaded).toMatchObject({
        ok: true,
        value: { backend: 'webgpu', contextTokens, vocabularySize: vocabulary, weightBytes },
      });
      for (const phase of ['fetch', 'compile'] as const)
        expect(heard.findLast((progress) => progress.phase === phase)).toMatchObject({ fraction: 1 });
      // Up to 0.2.79 web-llm counted no bytes of what it found in its caches.
      expect(heard.some(({ phase }) => phase === 'upload')).toBe(true);
      await tellBlock('loading', started);
    });

    beforeEach(() => {
      engine.setPacing({ flushIntervalMs: 0, decodeDelayMs: 0 });
    });

    test('streams tokens and reports figures', async () => {
      const chunks: TokenChunk[] = [];
      const outcome = await engine.generate(NEVER, request(), (chunk) => chunks.push(chunk));
      tell('streamed', outcome);
      await tellBlock('first answer', started);
      expect(outcome).toMatchObject({ ok: true, value: { finish: 'length', completionTokens: 3 } });
      if (!outcome.ok) return;
      expect(chunks.length).toBeGreaterThanOrEqual(2);
      expect(chunks.map((chunk) => chunk.text).join('')).toBe(outcome.value.text);
      expect(outcome.value.promptTokens).toBeGreaterThanOrEqual('Hello'.length);
      expect(outcome.value.prefillTokensPerSecond).toBeGreaterThan(0);
    });

    test('decodes greedily, and its log-probabilities are the model’s own', async () => {
      const plain = await engine.generate(NEVER, request({ cachePrompt: false }), () => undefined);
      const scored = await engine.generate(
        NEVER,
        request({ cachePrompt: false, logprobs: true }),
        () => undefined,
      );
      tell('scored', scored);
      expect(plain.ok && scored.ok && scored.value.text === plain.value.text).toBe(true);
      const logprobs = (scored.ok ? scored.value.logprobs : undefined) ?? [];
      expect(logprobs).toHaveLength(3);
      for (const { logprob } of logprobs) {
        expect(logprob).toBeLessThan(0);
        expect(logprob).toBeGreaterThan(-Infinity);
      }
    });

    test('samples by seed and temperature without being loaded again', async () => {
      const draw = async (seed: number): Promise<string> => {
        const outcome = await engine.generate(
          NEVER,
          request({ temperature: 1.5, seed, cachePrompt: false }),
          () => undefined,
        );
        return outcome.ok ? outcome.value.text : outcome.error.code;
      };
      const first = await draw(11);
      expect(await draw(11)).toBe(first);
      expect(await draw(12)).not.toBe(first);
    });

    test('holds an answer to a grammar', async () => {
      const outcome = await engine.generate(
        NEVER,
        request({ grammar: 'root ::= [0-9] "!"', ignoreEos: false, maxTokens: 8 }),
        () => undefined,
      );
      tell('grammar', outcome);
      await tellBlock('grammar', started);
      expect(outcome.ok && outcome.value.text).toMatch(/^\d!$/);
    });

    test('stops in decode with the text so far', async () => {
      const stop = new AbortController();
      let stoppedMs = 0;
      const outcome = await engine.generate(stop.signal, request({ maxTokens: 60 }), (chunk) => {
        if (chunk.tokens < 2 || stop.signal.aborted) return;
        stoppedMs = performance.now();
        stop.abort();
      });
      tell('stopped in decode', { afterMs: Math.round(performance.now() - stoppedMs), outcome });
      expect(outcome).toMatchObject({ ok: true, value: { finish: 'cancelled' } });
      expect(outcome.ok && outcome.value.completionTokens).toBeLessThan(10);
    });

    test('stops in the prefill of a long prompt, and the next answer is whole', async () => {
      const stop = new AbortController();
      const long = request({ prompt: 'x'.repeat(harness.synthetic.contextTokens - 100) });
      const answer = engine.generate(stop.signal, long, () => undefined);
      await new Promise((resolve) => systemClock.after(500, () => resolve(null)));
      const stoppedMs = performance.now();
      stop.abort();
      const outcome = await answer;
      tell('stopped in prefill', { afterMs: Math.round(performance.now() - stoppedMs), outcome });
      await tellBlock('prefill', started);
      expect(outcome).toMatchObject({ ok: true, value: { finish: 'cancelled', text: '' } });
      expect(await engine.generate(NEVER, request(), () => undefined)).toMatchObject({
        ok: true,
        value: { finish: 'length', completionTokens: 3 },
      });
    });

    test('refuses a prompt larger than the context, and goes on', async () => {
      const outcome = await engine.generate(
        NEVER,
        request({ prompt: 'x'.repeat(harness.synthetic.contextTokens + 50) }),
        () => undefined,
      );
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'context-exceeded', details: { available: harness.synthetic.contextTokens } },
      });
      expect((await engine.generate(NEVER, request({ maxTokens: 1 }), () => undefined)).ok).toBe(true);
    });
  });

  test('a lost device ends the answer that runs and its worker, and a new one brings the model back', async () => {
    const { engine, worker } = harness.start();
    expect((await engine.load(NEVER, harness.options)).ok).toBe(true);
    const told = worker.call(null, (api) => api.engineLost?.() ?? Promise.reject(new Error('not told')));
    const outcome = await engine.generate(NEVER, request({ maxTokens: 60 }), (chunk) => {
      if (chunk.tokens === 2) void worker.call(null, (api) => api.loseDevice());
    });
    const lost = { ok: false, error: { code: 'device-lost' } };
    expect(outcome).toMatchObject(lost);
    expect(await told).toMatchObject(lost);
    expect(await engine.generate(NEVER, request(), () => undefined)).toMatchObject(lost);
    const next = harness.start();
    expect((await next.engine.load(NEVER, harness.options)).ok).toBe(true);
    expect(await next.engine.generate(NEVER, request({ maxTokens: 2 }), () => undefined)).toMatchObject({
      ok: true,
      value: { completionTokens: 2 },
    });
    await next.engine.unload();
  });

  test('a model is unloaded and loaded again in the same worker', async () => {
    const { engine, worker } = harness.start();
    expect((await engine.load(NEVER, harness.options)).ok).toBe(true);
    expect(await worker.call(null, (api) => api.unload())).toEqual({ ok: true, value: null });
    expect(await engine.generate(NEVER, request(), () => undefined)).toMatchObject({
      ok: false,
      error: { code: 'engine-failed', details: { reason: 'no-model' } },
    });
    expect((await engine.load(NEVER, harness.options)).ok).toBe(true);
    expect(await engine.generate(NEVER, request({ maxTokens: 2 }), () => undefined)).toMatchObject({
      ok: true,
      value: { completionTokens: 2 },
    });
    await engine.unload();
  });

  test('unload settles an answer under way, and a new worker loads the model again', async () => {
    const first = harness.start();
    expect((await first.engine.load(NEVER, harness.options)).ok).toBe(true);
    const cut = await first.engine.generate(
      NEVER,
      request({ maxTokens: 60 }),
      () => void first.engine.unload(),
    );
    expect(cut).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    const second = harness.start();
    expect((await second.engine.load(NEVER, harness.options)).ok).toBe(true);
    expect(await second.engine.generate(NEVER, request({ maxTokens: 2 }), () => undefined)).toMatchObject({
      ok: true,
      value: { completionTokens: 2 },
    });
  });
});
