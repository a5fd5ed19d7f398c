import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delta, sse } from '../../../fakes/chat-wire.ts';
import { ScriptedServer } from '../../../fakes/scripted-server.ts';
import { endpoint, REQUEST, RemoteRig, turns, until } from './remote-rig.ts';

let server: ScriptedServer;
let rig: RemoteRig;

beforeEach(async () => {
  server = await ScriptedServer.start();
  rig = new RemoteRig([endpoint('a', server.baseUrl)]);
  expect(await rig.load()).toMatchObject({ ok: true });
});

afterEach(async () => {
  await until(() => rig.clock.pending === 0); // nothing is left behind by any fault
  expect(rig.states[0]?.health().inFlight).toBe(0);
  await server.stop();
});

const OK = { act: 'answer', tokens: ['fine'] } as const;

describe('before the first token', () => {
  it.each([
    [429, { error: { message: 'Rate limit reached', type: 'rate_limit_error' } }],
    [500, { error: { code: 500, message: 'Compute error.', type: 'server_error' } }],
    [502, '<html><body>Bad Gateway</body></html>'],
    [503, { error: { message: 'Loading model', type: 'unavailable_error', code: 503 } }],
    [504, '<html><body>Gateway Time-out</body></html>'],
  ])('asks again after %i', async (status, body) => {
    server.chat({ act: 'status', status, body }, OK);
    expect(await rig.drive(rig.ask().outcome)).toMatchObject({ value: { text: 'fine' } });
    expect(server.chats).toHaveLength(2);
  });

  it('asks again when the line was cut', async () => {
    server.chat({ act: 'hang-up' }, { act: 'raw', pieces: [sse({ choices: [] })], then: 'cut' }, OK);
    expect(await rig.drive(rig.ask().outcome)).toMatchObject({ value: { text: 'fine' } });
    expect(server.chats).toHaveLength(3);
  });

  it('gives up after three faults in a row, and then leaves the server alone for a while', async () => {
    server.chat({ act: 'status', status: 500, body: { error: 'broken' } });
    expect(await rig.drive(rig.ask().outcome)).toMatchObject({
      error: { code: 'remote-failed', details: { model: 'Far', endpoint: 'Server A', status: 500 } },
    });
    expect(server.chats).toHaveLength(3);
    expect(rig.states[0]?.health()).toMatchObject({ state: 'failed', breaker: 'open' });

    expect(await rig.ask().outcome).toMatchObject({
      error: { code: 'remote-unreachable', details: { reason: 'breaker-open' } },
    });
    expect(server.chats).toHaveLength(3);

    server.chat(OK);
    rig.clock.advance(10_000);
    expect(rig.states[0]?.health()).toMatchObject({ breaker: 'half-open' });
    expect(await rig.ask().outcome).toMatchObject({ value: { text: 'fine' } });
    expect(rig.states[0]?.health()).toMatchObject({ state: 'ok', breaker: 'closed' });
  });

  it.each([
    [400, { error: { code: 400, message: 'bad field', type: 'invalid_request_error' } }, 'request'],
    [401, { error: { message: 'Invalid API Key', type: 'authentication_error', code: 401 } }, 'key'],
    [403, { error: 'Forbidden' }, 'key'],
    [
      404,
      { error: { message: 'The model `tiny` does not exist.', type: 'NotFoundError', code: 404 } },
      'model',
    ],
  ])('does not ask again after %i', async (status, body, reason) => {
    server.chat({ act: 'status', status, body }, OK);
    expect(await rig.drive(rig.ask().outcome)).toMatchObject({
      error: { code: 'remote-refused', details: { status, reason } },
    });
    expect(server.chats).toHaveLength(1);
  });

  it('tells a question that does not fit from a refusal', async () => {
    const error = {
      code: 400,
      message: 'request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it',
      type: 'exceed_context_size_error',
      n_prompt_tokens: 9412,
      n_ctx: 8192,
    };
    server.chat({ act: 'status', status: 400, body: { error } });
    expect(await rig.drive(rig.ask().outcome)).toMatchObject({ error: { code: 'context-exceeded' } });
    expect(server.chats).toHaveLength(1);
  });

  it('waits as long as the server asks for', async () => {
    const busy = {
      act: 'status',
      status: 429,
      body: { error: 'busy' },
      headers: { 'retry-after': '7' },
    } as const;
    server.chat(busy, OK);
    const asked = rig.ask();
    await until(() => server.chats.length === 1 && rig.waits);
    rig.clock.advance(6_999);
    await turns(50);
    expect(server.chats).toHaveLength(1);
    rig.clock.advance(1);
    expect(await asked.outcome).toMatchObject({ value: { text: 'fine' } });
  });

  it('understands a date, too', async () => {
    const at = new Date(rig.clock.epochMs() + 5_000).toUTCString();
    server.chat({ act: 'status', status: 503, body: 'later', headers: { 'retry-after': at } }, OK);
    const asked = rig.ask();
    await rig.drive(asked.outcome, 100);
    const seconds = rig.clock.nowMs() / 1000;
    expect(seconds).toBeGreaterThanOrEqual(4); // a date has whole seconds
    expect(seconds).toBeLessThan(6);
  });

  it('does not wait for a server that wants more rest than the council has time', async () => {
    server.chat({ act: 'status', status: 429, body: { error: 'quota' }, headers: { 'retry-after': '600' } });
    expect(await rig.ask().outcome).toMatchObject({
      error: { code: 'remote-busy', details: { status: 429, retryAfterMs: 600_000 } },
    });
    expect(server.chats).toHaveLength(1);
    expect(await rig.ask().outcome).toMatchObject({
      error: { code: 'remote-busy', details: { reason: 'resting' } },
    });
    expect(server.chats).toHaveLength(1);
    rig.clock.advance(600_000);
    server.chat(OK);
    expect(await rig.ask().outcome).toMatchObject({ value: { text: 'fine' } });
  });

  it('gives up a server that takes the question and says nothing', async () => {
    server.chat({ act: 'silent' });
    const asked = rig.ask();
    await until(() => server.chats.length === 1);
    rig.clock.advance(59_999);
    expect(asked.settled).toBe(false);
    rig.clock.advance(1);
    expect(await asked.outcome).toMatchObject({
      error: { code: 'remote-silent', details: { phase: 'first-token', silentMs: 60_000 } },
    });
    await until(() => server.open === 0); // the request was taken back
  });

  it('stops while it waits for the next try', async () => {
    server.chat({ act: 'status', status: 429, body: {} });
    const asked = rig.ask();
    await until(() => server.chats.length === 1 && rig.waits);
    asked.stop();
    expect(await asked.outcome).toMatchObject({ value: { finish: 'cancelled', text: '' } });
  });
});

describe('in the middle of an answer', () => {
  it('finds a stall, and keeps what was streamed', async () => {
    server.chat({ act: 'raw', pieces: [delta('one'), delta(' two')], then: 'open' });
    const asked = rig.ask();
    await until(() => asked.chunks.length === 2);
    rig.clock.advance(20_000);
    expect(await asked.outcome).toMatchObject({
      error: { code: 'remote-silent', details: { phase: 'token-gap', silentMs: 20_000 } },
    });
    expect(asked.chunks.map(({ text }) => text).join('')).toBe('one two');
    await until(() => server.open === 0);
  });

  it('is not deceived by events without tokens', async () => {
    const nothing = sse({ choices: [{ index: 0, delta: {} }] });
    server.chat({ act: 'raw', pieces: [delta('one'), nothing, ': ping\n\n', nothing], then: 'open' });
    const asked = rig.ask();
    await until(() => asked.chunks.length === 1);
    rig.clock.advance(19_999);
    await turns(50);
    rig.clock.advance(1);
    expect(await asked.outcome).toMatchObject({ error: { code: 'remote-silent' } });
  });

  it('does not ask again after a cut: the page has tokens already', async () => {
    server.chat({ act: 'raw', pieces: [delta('one'), 'data: {"choi'], then: 'cut' }, OK);
    expect(await rig.drive(rig.ask().outcome)).toMatchObject({
      error: { code: 'remote-silent', details: { phase: 'cut' } },
    });
    expect(server.chats).toHaveLength(1);
  });

  it('tells an end that came too early from one that is whole', async () => {
    server.chat({ act: 'raw', pieces: [delta('one')], then: 'close' });
    expect(await rig.ask().outcome).toMatchObject({
      error: { code: 'remote-silent', details: { phase: 'ended-early' } },
    });
    server.chat({ act: 'answer', tokens: ['one', ' two'], done: false });
    expect(await rig.ask().outcome).toMatchObject({ value: { text: 'one two', finish: 'stop' } });
  });

  it('does not wait for ever for the end of an answer that is whole', async () => {
    server.chat({ act: 'answer', tokens: ['all'], done: false, close: false });
    const asked = rig.ask();
    await until(() => asked.chunks.length === 1);
    await rig.drive(asked.outcome);
    expect(await asked.outcome).toMatchObject({ value: { text: 'all' } });
    expect(rig.clock.nowMs()).toBeLessThan(4_000);
    rig.clock.advance(250);
    await until(() => server.open === 0);
  });

  it('lets go of a stream that stays open after [DONE]', async () => {
    server.chat({ act: 'answer', tokens: ['all'], close: false });
    expect(await rig.ask().outcome).toMatchObject({ value: { text: 'all' } });
    expect(server.open).toBe(1);
    rig.clock.advance(250);
    await until(() => server.open === 0);
  });

  it('comes back with the text so far when it is stopped, and takes the request back', async () => {
    server.chat({ act: 'raw', pieces: [delta('one'), delta(' two')], then: 'open' });
    const asked = rig.ask();
    await until(() => asked.chunks.length === 2);
    asked.stop();
    expect(await asked.outcome).toMatchObject({ ok: true, value: { finish: 'cancelled', text: 'one two' } });
    await until(() => server.open === 0);
    expect(rig.states[0]?.health()).toMatchObject({ state: 'ok', breaker: 'closed' });
  });

  it('puts characters together that the network cut in two', async () => {
    const bytes = new TextEncoder().encode(delta('Grüße 🦉 你好') + delta('', 'stop') + sse('[DONE]'));
    server.chat({ act: 'raw', pieces: [...bytes].map((byte) => Uint8Array.of(byte)), then: 'close' });
    expect(await rig.ask().outcome).toMatchObject({ value: { text: 'Grüße 🦉 你好' } });
  });

  it('reads the error that a server puts into its stream', async () => {
    const error = { message: 'Internal error', type: 'InternalServerError', param: null, code: 500 };
    server.chat({ act: 'raw', pieces: [delta('one'), sse({ error }), sse('[DONE]')], then: 'close' });
    expect(await rig.ask().outcome).toMatchObject({
      error: { code: 'remote-failed', details: { status: 500 }, cause: 'Internal error' },
    });
  });
});

describe('what is no answer at all', () => {
  it.each([
    ['garbage', 'text/event-stream', ['data: {"choices":[{"delta":{"conte\n\n'], 'not-json'],
    ['another protocol', 'text/event-stream', [sse({ choices: 'none' })], 'not-a-chunk'],
    ['no events', 'text/event-stream', ['hello\nworld\n\n\u0000\u0001'], 'empty-stream'],
    ['a page of HTML', 'text/html; charset=utf-8', ['<!doctype html><title>Sign in</title>'], 'no-stream'],
    ['JSON without an error', 'application/json', ['{"id":"x","choices":[]}'], 'no-stream'],
  ])('%s', async (_name, type, pieces, reason) => {
    server.chat({ act: 'raw', pieces, then: 'close', type });
    expect(await rig.drive(rig.ask().outcome)).toMatchObject({
      error: { code: 'remote-failed', details: { reason } },
    });
  });

  it('a JSON error with status 200', async () => {
    server.chat({
      act: 'status',
      status: 200,
      body: { error: 'model "tiny" not found, try pulling it first' },
    });
    expect(await rig.ask().outcome).toMatchObject({
      error: { code: 'remote-refused', details: { status: 404 } },
    });
  });

  it('a line without an end: given up at its limit', async () => {
    server.chat({ act: 'endless' });
    expect(await rig.ask().outcome).toMatchObject({
      error: { code: 'remote-failed', details: { reason: 'endless-event' } },
    });
    await until(() => server.open === 0);
  });

  it('a redirect: refused, because it could carry the key elsewhere', async () => {
    const elsewhere = await ScriptedServer.start();
    const headers = { location: `${elsewhere.baseUrl}/chat/completions` };
    server.chat({ act: 'status', status: 307, body: '', headers });
    expect(await rig.drive(rig.ask().outcome)).toMatchObject({ error: { code: 'remote-unreachable' } });
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.stop();
  });
});

it.each(['Failed to fetch', 'NetworkError when attempting to fetch resource.', 'Load failed'])(
  'a page that the server does not allow (CORS) hears only "%s"',
  async (words) => {
    const refused = new RemoteRig([endpoint('a', server.baseUrl)], {
      fetch: () => Promise.reject(new TypeError(words)),
    });
    const loaded = await refused.drive(refused.load());
    expect(loaded).toMatchObject({ error: { code: 'remote-unreachable', cause: `TypeError: ${words}` } });
    expect(refused.clock.pending).toBe(0);
  },
);

it('a server that is not there', async () => {
  const gone = await ScriptedServer.start();
  const alone = new RemoteRig([endpoint('a', gone.baseUrl)]);
  await gone.stop();
  expect(await alone.drive(alone.load())).toMatchObject({ error: { code: 'remote-unreachable' } });
});

it('a slow health check ends by its own limit', async () => {
  server.models({ act: 'silent' });
  const slow = new RemoteRig([endpoint('a', server.baseUrl)]);
  const loading = slow.load();
  await until(() => server.open === 1);
  slow.clock.advance(8_000);
  expect(await loading).toMatchObject({ error: { code: 'remote-silent', details: { phase: 'health' } } });
  expect(await rig.ask(REQUEST).outcome).toMatchObject({ ok: true });
});
