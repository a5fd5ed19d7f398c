import { describe, expect, it, vi } from 'vitest';
import { GPUValidationError } from '../../../fakes/web-llm-gpu.ts';
import {
  FakeStreamPort,
  loadedSetting,
  LONG,
  NO_REST,
  readingPort,
  REQUEST,
} from '../../../fakes/web-llm-host.ts';

describe('an answer', () => {
  it('streams, and ends with the figures of the engine', async () => {
    const { host, webLlm } = await loadedSetting();
    const port = readingPort();
    const outcome = await host.generate({ ...REQUEST, system: 'Be brief.' }, port.asPort);
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        text: 'Hello!',
        finish: 'stop',
        promptTokens: 10,
        completionTokens: 3,
        prefillTokensPerSecond: 250,
      },
    });
    expect(outcome.ok && outcome.value).not.toHaveProperty('logprobs');
    expect(port).toMatchObject({ text: 'Hello!', closed: true });
    expect(webLlm.engine.requests[0]?.messages).toHaveLength(2);
  });

  it('counts a token that ends inside a character, whose text comes with the next', async () => {
    const { host } = await loadedSetting({ answer: ['a', null, null, 'é', '!'] });
    const port = readingPort();
    await host.setPacing(NO_REST);
    const outcome = await host.generate(REQUEST, port.asPort);
    expect(outcome).toMatchObject({ ok: true, value: { completionTokens: 5 } });
    expect(port.chunks.map((chunk) => chunk.tokens)).toEqual([1, 4, 5]);
  });

  it('brings the log-probability of each token, hidden ones too, when they are asked for', async () => {
    const { host } = await loadedSetting({ answer: ['a', null, 'é'] });
    const outcome = await host.generate({ ...REQUEST, logprobs: true }, readingPort().asPort);
    expect(outcome).toMatchObject({
      ok: true,
      value: {
        logprobs: [
          { token: 'a', logprob: -1 },
          { token: '\uFFFD', logprob: -2 },
          { token: 'é', logprob: -3 },
        ],
      },
    });
  });

  it('says when it was cut at its length', async () => {
    const { host } = await loadedSetting({ answer: LONG });
    expect(await host.generate({ ...REQUEST, maxTokens: 5 }, readingPort().asPort)).toMatchObject({
      ok: true,
      value: { finish: 'length', completionTokens: 5 },
    });
  });

  it('forgets the conversation before it where no reuse is wanted', async () => {
    const { host, webLlm } = await loadedSetting();
    await host.generate(REQUEST, readingPort().asPort);
    expect(webLlm.engine.resets).toBe(0);
    await host.generate({ ...REQUEST, cachePrompt: false }, readingPort().asPort);
    expect(webLlm.engine.resets).toBe(1);
  });

  it('changes its sampling without loading the model again', async () => {
    const { host, webLlm } = await loadedSetting();
    for (const temperature of [0, 0.7, 1.2])
      expect((await host.generate({ ...REQUEST, temperature }, readingPort().asPort)).ok).toBe(true);
    expect(webLlm.engines).toHaveLength(1);
    expect(webLlm.engine.requests.map((request) => request.temperature)).toEqual([0, 0.7, 1.2]);
  });
});

describe('a stop', () => {
  it('in decode ends the answer with the text so far, and the next answer is whole', async () => {
    const { host, webLlm } = await loadedSetting({ answer: LONG });
    await host.setPacing(NO_REST);
    const port = new FakeStreamPort();
    port.onChunk = (chunk) => {
      port.say(chunk.tokens === 3 ? { type: 'stop' } : { type: 'credit', credits: 1 });
    };
    expect(await host.generate(REQUEST, port.asPort)).toMatchObject({
      ok: true,
      value: { finish: 'cancelled', text: 'w0 w1 w2 ', completionTokens: 3 },
    });
    expect(webLlm.engine.interrupts).toBe(1);
    const next = await host.generate(REQUEST, readingPort().asPort);
    expect(next).toMatchObject({ ok: true, value: { finish: 'stop', completionTokens: 40 } });
  });

  it('in prefill is seen before the next chunk of the prompt', async () => {
    const port = new FakeStreamPort();
    const runs: number[] = [];
    const { host, webLlm } = await loadedSetting({
      promptTokens: 1000,
      forward: (tokens) => {
        runs.push(tokens);
        if (runs.length === 2) port.say({ type: 'stop' });
        return Promise.resolve();
      },
    });
    expect(await host.generate(REQUEST, port.asPort)).toMatchObject({
      ok: true,
      value: { finish: 'cancelled', text: '', timeToFirstTokenMs: null, decodeTokensPerSecond: null },
    });
    expect(runs).toEqual([128, 128]);
    // Each chunk was waited for, and what is half in the key-value cache is no conversation.
    expect(webLlm.pipeline.syncs).toBe(2);
    expect(webLlm.engine.resets).toBe(1);
    const next = await host.generate(REQUEST, readingPort().asPort);
    expect(next).toMatchObject({ ok: true, value: { finish: 'stop', text: 'Hello!' } });
  });

  it('before the engine has begun starts nothing', async () => {
    const { host, webLlm } = await loadedSetting();
    const port = new FakeStreamPort();
    const answer = host.generate({ ...REQUEST, cachePrompt: false }, port.asPort);
    port.say({ type: 'stop' });
    expect(await answer).toMatchObject({ ok: true, value: { finish: 'cancelled', text: '' } });
    expect(webLlm.engine.requests).toEqual([]);
  });

  it('before the first chunk of the prompt runs none of it', async () => {
    const { host, webLlm } = await loadedSetting();
    const port = new FakeStreamPort();
    const { completions } = webLlm.engine.chat;
    const create = completions.create.bind(completions);
    completions.create = (request) => {
      port.say({ type: 'stop' });
      return create(request);
    };
    expect(await host.generate(REQUEST, port.asPort)).toMatchObject({
      ok: true,
      value: { finish: 'cancelled', text: '' },
    });
    expect(webLlm.pipeline.forwarded).toEqual([]);
  });

  it('after the last token changes nothing', async () => {
    const { host } = await loadedSetting();
    const port = new FakeStreamPort();
    const outcome = await host.generate(REQUEST, port.asPort);
    port.say({ type: 'stop' });
    expect(outcome).toMatchObject({ ok: true, value: { finish: 'stop' } });
  });
});

describe('one request at a time', () => {
  it('refuses a second and goes on with the first', async () => {
    let release: () => void = () => undefined;
    const { host, webLlm } = await loadedSetting({
      forward: () =>
        new Promise((resolve) => {
          release = resolve;
        }),
      answer: ['one'],
    });
    const first = host.generate(REQUEST, readingPort().asPort);
    const refused = new FakeStreamPort();
    expect(await host.generate(REQUEST, refused.asPort)).toMatchObject({
      ok: false,
      error: { code: 'slots-exhausted', details: { slots: 1, model: 'Tiny' } },
    });
    expect(refused.closed).toBe(true);
    await vi.waitUntil(() => webLlm.pipeline.forwarded.length > 0);
    release();
    expect(await first).toMatchObject({ ok: true, value: { text: 'one' } });
  });

  it('needs a model', async () => {
    const { host } = await loadedSetting();
    await host.unload();
    expect(await host.generate(REQUEST, new FakeStreamPort().asPort)).toMatchObject({
      ok: false,
      error: { code: 'engine-failed', details: { reason: 'no-model' } },
    });
  });
});

describe('pacing', () => {
  it('holds the decode while the page has not taken what was sent', async () => {
    const { host, webLlm } = await loadedSetting({ answer: LONG });
    await host.setPacing(NO_REST);
    const port = new FakeStreamPort();
    const answer = host.generate(REQUEST, port.asPort);
    await vi.waitUntil(() => port.chunks.length >= 4);
    await new Promise((resolve) => setImmediate(resolve));
    expect(webLlm.pipeline.completionTokens).toBe(4);
    port.say({ type: 'credit', credits: 2 });
    await vi.waitUntil(() => port.chunks.length >= 6);
    await new Promise((resolve) => setImmediate(resolve));
    expect(webLlm.pipeline.completionTokens).toBe(6);
    port.say({ type: 'stop' });
    expect(await answer).toMatchObject({ ok: true, value: { finish: 'cancelled', completionTokens: 6 } });
  });

  it('takes a new pace while it streams', async () => {
    vi.useFakeTimers();
    try {
      const { host, webLlm } = await loadedSetting({ answer: LONG });
      await host.setPacing({ flushIntervalMs: 0, decodeDelayMs: 1000 });
      const port = readingPort();
      const answer = host.generate(REQUEST, port.asPort);
      await vi.advanceTimersByTimeAsync(2500);
      expect(webLlm.pipeline.completionTokens).toBe(3);
      await host.setPacing(NO_REST);
      await vi.advanceTimersByTimeAsync(0);
      expect(await answer).toMatchObject({ ok: true, value: { completionTokens: 40 } });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('an error in the engine', () => {
  it('is typed, and the model goes on', async () => {
    let broken = true;
    const { host } = await loadedSetting({
      forward: () => {
        if (!broken) return Promise.resolve();
        return Promise.reject(
          Object.assign(
            new Error(
              'Prompt tokens exceed context window size: number of prompt tokens: 900; context window size: 512\n',
            ),
            { name: 'ContextWindowSizeExceededError' },
          ),
        );
      },
    });
    expect(await host.generate(REQUEST, readingPort().asPort)).toMatchObject({
      ok: false,
      error: { code: 'context-exceeded', details: { needed: 900, available: 512 } },
    });
    broken = false;
    expect(await host.generate(REQUEST, readingPort().asPort)).toMatchObject({ ok: true });
  });

  it('of the GPU that nobody caught voids the answer: its work was dropped', async () => {
    const { host, gpu } = await loadedSetting({
      forward: () => {
        gpu.device.raise(new GPUValidationError());
        return Promise.resolve();
      },
    });
    expect(await host.generate(REQUEST, readingPort().asPort)).toMatchObject({
      ok: false,
      error: {
        code: 'engine-failed',
        details: { reason: 'gpu' },
        cause: expect.stringContaining('GPUValidationError') as string,
      },
    });
  });
});

it('unload ends the answer under way before it frees the model', async () => {
  const { host, gpu } = await loadedSetting({ answer: LONG });
  await host.setPacing(NO_REST);
  const port = new FakeStreamPort();
  const answer = host.generate(REQUEST, port.asPort);
  await vi.waitUntil(() => port.chunks.length >= 4);
  expect((await host.unload()).ok).toBe(true);
  expect(await answer).toMatchObject({ ok: true, value: { finish: 'cancelled', text: 'w0 w1 w2 w3 ' } });
  expect(gpu.device.destroyed).toBe(true);
});

describe('patience while a grammar is compiled', () => {
  it('is asked of the supervisor and of the page, and taken back', async () => {
    const { host, patience } = await loadedSetting();
    const port = readingPort();
    const asked: unknown[] = [];
    const post = port.postMessage.bind(port);
    port.postMessage = (message) => {
      if (message.type === 'patience') asked.push(message.silenceAllowedMs);
      post(message);
    };
    await host.generate({ ...REQUEST, grammar: 'root ::= "a"' }, port.asPort);
    expect(patience).toEqual([180_000, null]);
    expect(asked).toEqual([180_000, null]);
  });

  it('is taken back when the grammar is none', async () => {
    const { host, patience } = await loadedSetting({
      compilingGrammar: () =>
        Promise.reject(Object.assign(new Error('bad'), { name: 'GrammarMatcherInitError' })),
    });
    expect(await host.generate({ ...REQUEST, grammar: 'root :=' }, readingPort().asPort)).toMatchObject({
      error: { code: 'request-unsupported' },
    });
    expect(patience).toEqual([180_000, null]);
  });

  it('is not asked for an answer in free form', async () => {
    const { host, patience } = await loadedSetting();
    await host.generate(REQUEST, readingPort().asPort);
    expect(patience).toEqual([]);
  });
});
