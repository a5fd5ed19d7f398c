import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatTurn } from '#contracts/engine';
import { delta, modelList, sse } from '../../../fakes/chat-wire.ts';
import { ScriptedServer } from '../../../fakes/scripted-server.ts';
import { endpoint, LOAD, REQUEST, RemoteRig, until } from './remote-rig.ts';

let server: ScriptedServer;
let rig: RemoteRig;

beforeEach(async () => {
  server = await ScriptedServer.start();
  rig = new RemoteRig([endpoint('a', server.baseUrl)]);
});

afterEach(async () => {
  await server.stop();
});

function sentBody(index = 0): Record<string, unknown> {
  return JSON.parse(server.chats[index]?.body ?? '{}') as Record<string, unknown>;
}

describe('loading', () => {
  it('checks the server and its list; what the list says of the model is reported', async () => {
    server.models({
      act: 'status',
      status: 200,
      body: modelList('tiny', 'llamacpp', { meta: { n_ctx: 512, n_ctx_train: 4096, n_vocab: 99 } }),
    });
    expect(await rig.load()).toEqual({
      ok: true,
      value: {
        modelId: 'far',
        backend: 'remote',
        threads: 0,
        contextTokens: 512,
        vocabularySize: 99,
        weightBytes: 0,
        loadMs: 0,
      },
    });
    expect(rig.states[0]?.server).toBe('llama.cpp');
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v1/models']);
  });

  it('refuses a model that the server does not have', async () => {
    server.models({ act: 'status', status: 200, body: modelList('other') });
    expect(await rig.load()).toMatchObject({
      ok: false,
      error: { code: 'remote-refused', details: { model: 'Far', status: 404, reason: 'model' } },
    });
  });

  it('takes a server without a model list at its word', async () => {
    server.models({ act: 'status', status: 404, body: { detail: 'Not Found' } });
    expect(await rig.load()).toMatchObject({ ok: true, value: { contextTokens: 2048 } });
    const asked = rig.ask();
    expect(await asked.outcome).toMatchObject({ ok: true, value: { text: 'ok' } });
  });

  it('waits for a server that is still loading', async () => {
    const loading = { error: { message: 'Loading model', type: 'unavailable_error', code: 503 } };
    server.models(
      { act: 'status', status: 503, body: loading },
      { act: 'status', status: 200, body: modelList('tiny') },
    );
    expect(await rig.drive(rig.load())).toMatchObject({ ok: true });
    expect(server.requests).toHaveLength(2);
  });

  it('does not take a model that is no remote one', async () => {
    const model = { format: 'built-in', id: 'x', name: 'X' } as const;
    const loaded = await rig.engine.load(new AbortController().signal, { ...LOAD, model });
    expect(loaded).toMatchObject({ error: { code: 'request-unsupported' } });
  });

  it('ends at once when it is given up', async () => {
    server.models({ act: 'silent' });
    const controller = new AbortController();
    const loading = rig.load(controller.signal);
    await until(() => server.requests.length === 1);
    controller.abort();
    expect(await loading).toMatchObject({ error: { code: 'cancelled' } });
    await until(() => server.open === 0);
    expect(rig.clock.pending).toBe(0);
  });
});

describe('answering', () => {
  it('is refused before the model is loaded', async () => {
    expect(await rig.ask().outcome).toMatchObject({ error: { code: 'engine-failed' } });
  });

  it('streams, and reports the figures of the server', async () => {
    server.chat({
      act: 'answer',
      tokens: ['The', ' answer', ' is', ' 2'],
      usage: { prompt_tokens: 12, completion_tokens: 4 },
    });
    await rig.load();
    const asked = rig.ask();
    expect(await asked.outcome).toMatchObject({
      ok: true,
      value: { text: 'The answer is 2', finish: 'stop', promptTokens: 12, completionTokens: 4 },
    });
    expect(asked.chunks.map(({ text }) => text).join('')).toBe('The answer is 2');
    expect(asked.chunks.at(-1)?.tokens).toBe(4);
    await until(() => server.open === 0 && rig.clock.pending === 0); // the line is free again, and no timer is left
  });

  it('sends instruction, history and question in this order, and the sampling', async () => {
    const history: ChatTurn[] = [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Hi' },
    ];
    await rig.load();
    await rig.ask({ ...REQUEST, system: 'Be brief.', history, topP: 0.9, logprobs: true }).outcome;
    expect(sentBody()).toEqual({
      model: 'tiny',
      messages: [
        { role: 'system', content: 'Be brief.' },
        ...history,
        { role: 'user', content: 'What is 1 + 1?' },
      ],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 16,
      temperature: 0,
      seed: 1,
      top_p: 0.9,
      logprobs: true,
      top_logprobs: 1,
    });
  });

  it('says when the answer was cut by its length', async () => {
    server.chat({ act: 'answer', tokens: ['1', '2'], finish: 'length' });
    await rig.load();
    expect(await rig.ask().outcome).toMatchObject({ value: { finish: 'length', text: '12' } });
  });

  it('brings the log-probabilities, and leaves thinking out of the answer', async () => {
    const choice = (more: object) => sse({ choices: [{ index: 0, finish_reason: null, ...more }] });
    server.chat({
      act: 'raw',
      pieces: [
        choice({ delta: { role: 'assistant', content: null } }),
        choice({ delta: { reasoning_content: 'Let me see' } }),
        choice({
          delta: { content: '2' },
          logprobs: { content: [{ token: '2', logprob: -0.5, bytes: [50] }] },
        }),
        delta('', 'stop'),
        sse('[DONE]'),
      ],
      then: 'close',
    });
    await rig.load();
    const asked = rig.ask({ ...REQUEST, logprobs: true });
    expect(await asked.outcome).toMatchObject({
      value: { text: '2', completionTokens: 2, logprobs: [{ token: '2', logprob: -0.5 }] },
    });
  });

  it('gathers chunks for as long as the page wants', async () => {
    rig.engine.setPacing({ flushIntervalMs: 100, decodeDelayMs: 0 });
    server.chat({ act: 'raw', pieces: ['a', 'b', 'c', 'd'].map((text) => delta(text)), then: 'open' });
    await rig.load();
    const asked = rig.ask();
    await until(() => rig.clock.pending === 2); // the watch for silence, and the flush
    expect(asked.chunks.map(({ text }) => text)).toEqual(['a']);
    await until(() => {
      rig.clock.advance(100);
      return asked.chunks.map(({ text }) => text).join('') === 'abcd';
    });
    asked.stop();
    expect(await asked.outcome).toMatchObject({ value: { finish: 'cancelled', text: 'abcd' } });
  });

  it('reads no faster than the decode delay allows', async () => {
    rig.engine.setPacing({ flushIntervalMs: 0, decodeDelayMs: 50 });
    server.chat({ act: 'answer', tokens: ['a', 'b', 'c'] });
    await rig.load();
    const asked = rig.ask();
    await until(() => asked.chunks.length === 1);
    await until(() => server.open === 0); // the whole answer has arrived
    expect(asked.chunks).toHaveLength(1);
    const generation = await rig.drive(asked.outcome, 10);
    expect(generation).toMatchObject({ value: { text: 'abc' } });
    expect(asked.chunks.map(({ elapsedMs }) => elapsedMs)).toEqual([0, 50, 100]);
  });

  it('answers one after the other when there is one slot', async () => {
    await rig.load();
    server.chat(
      { act: 'raw', pieces: [delta('first')], then: 'open' },
      { act: 'answer', tokens: ['second'] },
    );
    const first = rig.ask();
    const second = rig.ask();
    const third = rig.ask();
    await until(() => first.chunks.length === 1);
    expect(server.chats).toHaveLength(1);
    third.stop(); // while it waits
    expect(await third.outcome).toMatchObject({ value: { finish: 'cancelled', text: '' } });
    first.stop();
    expect(await second.outcome).toMatchObject({ value: { text: 'second' } });
  });

  it('ends what is under way when it is unloaded, and can be loaded again', async () => {
    server.chat({ act: 'raw', pieces: [delta('half')], then: 'open' }, { act: 'answer', tokens: ['whole'] });
    await rig.load();
    const asked = rig.ask();
    await until(() => asked.chunks.length === 1);
    await rig.engine.unload();
    await rig.engine.unload();
    expect(await asked.outcome).toMatchObject({ value: { finish: 'cancelled', text: 'half' } });
    expect(await rig.ask().outcome).toMatchObject({ error: { code: 'engine-failed' } });
    await rig.load();
    expect(await rig.ask().outcome).toMatchObject({ value: { text: 'whole' } });
  });

  it('settles when the listener of the page throws', async () => {
    await rig.load();
    const outcome = await rig.engine.generate(new AbortController().signal, REQUEST, () => {
      throw new Error('the page is broken');
    });
    expect(outcome).toMatchObject({ error: { code: 'internal', cause: 'Error: the page is broken' } });
    await until(() => server.open === 0);
    expect(rig.clock.pending).toBe(0);
    expect(rig.states[0]?.health()).toMatchObject({ inFlight: 0 });
  });
});
