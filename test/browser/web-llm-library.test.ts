import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, type Clock } from '#kernel/clock';
import type { GenerateRequest, LoadOptions, MlcSource, TokenChunk } from '#contracts/engine';
import type { WorkerHandle } from '#contracts/worker-handle';
import { WorkerEngine } from '../../src/engines/worker-engine.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';
import type { BreakableApi } from '../fakes/web-llm-breakable.worker.ts';
import breakableScript from '../fakes/web-llm-breakable.worker.ts?worker&url';
import { keepSyntheticModel, type SyntheticModel } from '../fakes/web-llm-synthetic-model.ts';

/*
 * The real web-llm with a real compiled model library and random weights, on whatever WebGPU there is. Needs the path of
 * a library of web-llm's own generation (or the release that fits the library: see test/vitest/web-llm.config.ts):
 *   WITAN_WEBLLM_LIBRARY=….wasm npx vitest run -c test/vitest/web-llm.config.ts
 * A library whose vocabulary is open (gpt2-q0f16) is by far the fastest on a software GPU.
 */
const path = import.meta.env['WITAN_WEBLLM_LIBRARY'] as string | undefined;
const NEVER = new AbortController().signal;
/** Nobody answers there: all must come from what is kept. Without `/resolve/`, which web-llm would add by itself. */
const WEIGHTS_URL = 'https://models.witan.invalid/synthetic/';
const LIBRARY_URL = 'https://models.witan.invalid/library.wasm';

/** Deadlines and pings are made for GPUs; a software one is a hundred times slower and blocks its worker longer. */
const patientClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  epochMs: () => systemClock.epochMs(),
  after: (delayMs, task) => systemClock.after(delayMs * 100, task),
};

interface Started {
  readonly engine: WorkerEngine;
  readonly worker: WorkerHandle<BreakableApi>;
}

test.skipIf(path !== undefined)('web-llm with a real library', ({ skip }) => {
  skip('WITAN_WEBLLM_LIBRARY names no model library: the proof that web-llm really runs is skipped');
});

describe.skipIf(path === undefined)('web-llm with a real library', () => {
  let synthetic: SyntheticModel;
  let options: LoadOptions<MlcSource>;
  const running: Started[] = [];

  beforeAll(async () => {
    const response = await fetch(`/@fs${path}`);
    if (!response.ok) throw new Error(`${path} cannot be read: ${response.status}`);
    const wasm = new Uint8Array(await response.arrayBuffer());
    synthetic = await keepSyntheticModel(wasm, WEIGHTS_URL, LIBRARY_URL);
    console.log(
      `${path}: ${synthetic.vocabulary} tokens, ${Math.round(synthetic.weightBytes / 2 ** 20)} MiB`,
    );
    options = {
      model: {
        format: 'mlc',
        id: 'synthetic',
        name: 'Synthetic',
        weightsUrl: WEIGHTS_URL,
        libraryUrl: LIBRARY_URL,
        sizeBytes: synthetic.weightBytes,
        requiredFeatures: /f16/.test(path ?? '') ? ['shader-f16'] : [],
        overrides: {},
      },
      threads: 1,
      contextTokens: synthetic.contextTokens,
      slots: 1,
    };
  });

  function start(): Started {
    const supervisor = new WorkerSupervisor(patientClock);
    const worker = supervisor.start<BreakableApi>('synthetic', breakableScript);
    const started = { worker, engine: new WorkerEngine('web-llm', worker, patientClock) };
    running.push(started);
    return started;
  }

  afterAll(async () => {
    for (const { engine } of running) await engine.unload();
  });

  const request = (change: Partial<GenerateRequest> = {}): GenerateRequest => ({
    prompt: 'Hello',
    maxTokens: 3,
    temperature: 0,
    seed: 1,
    ignoreEos: true,
    ...change,
  });

  describe('loaded once', () => {
    let engine: WorkerEngine;

    beforeAll(async () => {
      ({ engine } = start());
      const loaded = await engine.load(NEVER, options);
      console.log('loaded', JSON.stringify(loaded));
      expect(loaded).toMatchObject({
        ok: true,
        value: {
          backend: 'webgpu',
          contextTokens: synthetic.contextTokens,
          vocabularySize: synthetic.vocabulary,
          weightBytes: synthetic.weightBytes,
        },
      });
    });

    beforeEach(() => {
      engine.setPacing({ flushIntervalMs: 0, decodeDelayMs: 0 });
    });

    test('streams tokens and reports figures', async () => {
      const chunks: TokenChunk[] = [];
      const outcome = await engine.generate(NEVER, request(), (chunk) => chunks.push(chunk));
      console.log('streamed', JSON.stringify(outcome));
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
      console.log('scored', JSON.stringify(scored));
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
      console.log('grammar', JSON.stringify(outcome));
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
      console.log(`stop in decode: ${Math.round(performance.now() - stoppedMs)} ms`, JSON.stringify(outcome));
      expect(outcome).toMatchObject({ ok: true, value: { finish: 'cancelled' } });
      expect(outcome.ok && outcome.value.completionTokens).toBeLessThan(10);
    });

    test('stops in the prefill of a long prompt, and the next answer is whole', async () => {
      const stop = new AbortController();
      const long = request({ prompt: 'x'.repeat(synthetic.contextTokens - 100) });
      const answer = engine.generate(stop.signal, long, () => undefined);
      await new Promise((resolve) => systemClock.after(500, () => resolve(null)));
      const stoppedMs = performance.now();
      stop.abort();
      const outcome = await answer;
      console.log(
        `stop in prefill: ${Math.round(performance.now() - stoppedMs)} ms`,
        JSON.stringify(outcome),
      );
      expect(outcome).toMatchObject({ ok: true, value: { finish: 'cancelled', text: '' } });
      expect(await engine.generate(NEVER, request(), () => undefined)).toMatchObject({
        ok: true,
        value: { finish: 'length', completionTokens: 3 },
      });
    });

    test('refuses a prompt larger than the context, and goes on', async () => {
      const outcome = await engine.generate(
        NEVER,
        request({ prompt: 'x'.repeat(synthetic.contextTokens + 50) }),
        () => undefined,
      );
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'context-exceeded', details: { available: synthetic.contextTokens } },
      });
      expect((await engine.generate(NEVER, request({ maxTokens: 1 }), () => undefined)).ok).toBe(true);
    });
  });

  test('a lost device ends the answer that runs and its worker, and a new one brings the model back', async () => {
    const { engine, worker } = start();
    expect((await engine.load(NEVER, options)).ok).toBe(true);
    const told = worker.call(null, (api) => api.engineLost?.() ?? Promise.reject(new Error('not told')));
    const outcome = await engine.generate(NEVER, request({ maxTokens: 60 }), (chunk) => {
      if (chunk.tokens === 2) void worker.call(null, (api) => api.loseDevice());
    });
    const lost = { ok: false, error: { code: 'device-lost' } };
    expect(outcome).toMatchObject(lost);
    expect(await told).toMatchObject(lost);
    expect(await engine.generate(NEVER, request(), () => undefined)).toMatchObject(lost);
    const next = start();
    expect((await next.engine.load(NEVER, options)).ok).toBe(true);
    expect(await next.engine.generate(NEVER, request({ maxTokens: 2 }), () => undefined)).toMatchObject({
      ok: true,
      value: { completionTokens: 2 },
    });
    await next.engine.unload();
  });

  test('a model is unloaded and loaded again in the same worker', async () => {
    const { engine, worker } = start();
    expect((await engine.load(NEVER, options)).ok).toBe(true);
    expect(await worker.call(null, (api) => api.unload())).toEqual({ ok: true, value: null });
    expect(await engine.generate(NEVER, request(), () => undefined)).toMatchObject({
      ok: false,
      error: { code: 'engine-failed', details: { reason: 'no-model' } },
    });
    expect((await engine.load(NEVER, options)).ok).toBe(true);
    expect(await engine.generate(NEVER, request({ maxTokens: 2 }), () => undefined)).toMatchObject({
      ok: true,
      value: { completionTokens: 2 },
    });
    await engine.unload();
  });

  test('unload settles an answer under way, and a new worker loads the model again', async () => {
    const first = start();
    expect((await first.engine.load(NEVER, options)).ok).toBe(true);
    const cut = await first.engine.generate(
      NEVER,
      request({ maxTokens: 60 }),
      () => void first.engine.unload(),
    );
    expect(cut).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    const second = start();
    expect((await second.engine.load(NEVER, options)).ok).toBe(true);
    expect(await second.engine.generate(NEVER, request({ maxTokens: 2 }), () => undefined)).toMatchObject({
      ok: true,
      value: { completionTokens: 2 },
    });
  });
});
