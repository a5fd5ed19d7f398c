import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { delta } from '../fakes/chat-wire.ts';
import { endpoint, NEVER, PATIENT, RemoteRig, TIMES } from './remote-rig.ts';
import { RemoteServer } from './remote-server.ts';

/** Finds a stall in the middle of an answer, and is patient otherwise. */
const STALL = { times: { ...PATIENT, tokenGapMs: TIMES.tokenGapMs } };

let server: RemoteServer;
let rig: RemoteRig;

beforeEach(async () => {
  server = await RemoteServer.start();
  rig = new RemoteRig([endpoint('a', server.baseUrl)]);
});

afterEach(async () => {
  expect(rig.lost).toEqual([]); // whatever a server does, it does not cost the worker
  await rig.engine.unload();
  await server.stop();
});

async function chats(): Promise<number> {
  return (await server.seen()).requests.filter(({ path }) => path.endsWith('/chat/completions')).length;
}

test('streams an answer from another origin', async () => {
  await server.chat({ act: 'answer', tokens: ['The ', 'sea', ' is ', 'blü', '.'] });
  expect(await rig.load()).toMatchObject({ ok: true, value: { backend: 'remote', modelId: 'far' } });
  const { outcome, text } = await rig.ask();
  expect(outcome).toMatchObject({
    ok: true,
    value: { text: 'The sea is blü.', finish: 'stop', promptTokens: 7, completionTokens: 5 },
  });
  expect(text).toBe('The sea is blü.');
});

test('goes to the next server, and stays there', async () => {
  const other = await RemoteServer.start();
  const both = new RemoteRig([endpoint('a', server.baseUrl), endpoint('b', other.baseUrl)]);
  // Not a cut line: on a connection that was used before, the browser itself sends such a request once more.
  await server.chat({ act: 'status', status: 503, body: {} });
  await other.chat({ act: 'answer', tokens: ['from the other'] });
  await both.load();
  for (let turn = 0; turn < 2; turn += 1) {
    expect((await both.ask()).outcome).toMatchObject({ ok: true, value: { text: 'from the other' } });
  }
  expect(await chats()).toBe(1);
  await both.engine.unload();
  await other.stop();
});

test('a member whose server stalls costs no other member', async () => {
  const other = await RemoteServer.start();
  const well = new RemoteRig([endpoint('b', other.baseUrl)]);
  await server.chat({ act: 'raw', pieces: [delta('half')], then: 'open' });
  await Promise.all([rig.load(STALL), well.load()]);
  const [stalled, answered] = await Promise.all([rig.ask(), well.ask()]);
  expect(answered.outcome).toMatchObject({ ok: true, value: { text: 'ok' } });
  expect(stalled.outcome).toMatchObject({ error: { code: 'remote-silent' } });
  await well.engine.unload();
  await other.stop();
});

describe('a busy server', () => {
  const busy = (seconds: string) =>
    ({
      act: 'status',
      status: 429,
      body: { error: { message: 'Too many requests' } },
      headers: { 'retry-after': seconds },
    }) as const;

  test('is asked again after the rest that it asked for', async () => {
    await rig.load();
    await server.chat(busy('1'), { act: 'answer', tokens: ['now'] });
    expect((await rig.ask()).outcome).toMatchObject({ ok: true, value: { text: 'now' } });
    expect(await chats()).toBe(2);
  });

  test('is left alone when it wants a long rest', async () => {
    await rig.load();
    await server.chat(busy('3600'));
    expect((await rig.ask()).outcome).toMatchObject({
      error: { code: 'remote-busy', details: { status: 429, reason: 'limit', retryAfterMs: 3_600_000 } },
    });
    expect(await chats()).toBe(1);
  });

  test('that hides its wish from other origins is asked again after a back-off', async () => {
    await rig.load();
    await server.cors('hidden');
    await server.chat(busy('3600'), { act: 'answer', tokens: ['now'] });
    expect((await rig.ask()).outcome).toMatchObject({ ok: true, value: { text: 'now' } });
    expect(await chats()).toBe(2);
  });
});

describe('a server that fails', () => {
  test('once is asked again', async () => {
    await rig.load();
    await server.chat({ act: 'status', status: 500, body: {} }, { act: 'answer', tokens: ['now'] });
    expect((await rig.ask()).outcome).toMatchObject({ ok: true, value: { text: 'now' } });
  });

  test('always is given up, and left alone for a while', async () => {
    await rig.load();
    await server.chat({ act: 'status', status: 500, body: { error: { message: 'broken' } } });
    const failed = { code: 'remote-failed', details: { status: 500 }, cause: 'broken' };
    expect((await rig.ask()).outcome).toMatchObject({ error: failed });
    const asked = await chats();
    expect((await rig.ask()).outcome).toMatchObject({
      error: { code: 'remote-unreachable', details: { reason: 'breaker-open' } },
    });
    expect(await chats()).toBe(asked);
    expect(await rig.worker.call(null, (api) => api.health())).toMatchObject({
      value: [{ state: 'failed', breaker: 'open', inFlight: 0 }],
    });
  });

  test.each([
    ['stalls in the middle of a token', [delta('half'), 'data: {"choices":[{"de'], 'open', 'token-gap'],
    ['ends too early', [delta('half')], 'close', 'ended-early'],
  ] as const)('%s is silent, and what came stays', async (_how, pieces, then, phase) => {
    await rig.load(phase === 'token-gap' ? STALL : {});
    await server.chat({ act: 'raw', pieces, then });
    const { outcome, text } = await rig.ask();
    expect(outcome).toMatchObject({ error: { code: 'remote-silent', details: { phase } } });
    expect(text).toBe('half');
    await server.quiet();
    await server.chat({ act: 'answer', tokens: ['again'] });
    expect((await rig.ask()).outcome).toMatchObject({ ok: true, value: { text: 'again' } });
  });

  // Cut when the half answer was heard: a browser that is told of the cut first throws away what it had received.
  test('cuts the line is silent, and what came stays', async () => {
    await rig.load();
    await server.chat({ act: 'raw', pieces: [delta('half'), 'data: {"choi'], then: 'open' });
    const cuts: Promise<void>[] = [];
    const { outcome, text } = await rig.ask(NEVER, () => cuts.push(server.cut()));
    expect(outcome).toMatchObject({ error: { code: 'remote-silent', details: { phase: 'cut' } } });
    expect(text).toBe('half');
    await Promise.all(cuts);
  });

  test.each([
    ['garbage', ['data: {"choices":[{"del\n\ndata: \u0000\u0001\n\n'], 'not-json'],
    ['another protocol', ['data: {"choices":"no"}\n\n'], 'not-a-chunk'],
    ['nothing', [], 'empty-stream'],
  ] as const)('sends %s', async (_what, pieces, reason) => {
    await rig.load();
    await server.chat({ act: 'raw', pieces, then: 'close' });
    expect((await rig.ask()).outcome).toMatchObject({
      error: { code: 'remote-failed', details: { reason } },
    });
  });

  test('sends a page where an answer was asked for', async () => {
    await rig.load();
    await server.chat({ act: 'status', status: 200, body: '<html>Sign in</html>' });
    expect((await rig.ask()).outcome).toMatchObject({
      error: { code: 'remote-failed', details: { reason: 'no-stream' } },
    });
  });
});

describe('a server that does not allow this page', () => {
  const unreachable = { error: { code: 'remote-unreachable', details: { endpoint: 'Server a' } } };

  test('is out of reach', async () => {
    await server.cors('none');
    expect(await rig.load()).toMatchObject(unreachable);
  });

  test('a question is out of reach where its preflight is refused, though the list of models is not', async () => {
    await server.cors('no-preflight');
    expect(await rig.load()).toMatchObject({ ok: true });
    expect((await rig.ask()).outcome).toMatchObject(unreachable);
    expect(await chats()).toBe(0);
  });
});

describe('a redirect', () => {
  test('is not followed, and carries no key away', async () => {
    const elsewhere = await RemoteServer.start();
    const away = {
      act: 'status',
      status: 302,
      body: '',
      headers: { location: `${elsewhere.baseUrl}/x` },
    } as const;
    const keyed = new RemoteRig([endpoint('a', server.baseUrl, { hasKey: true })]);
    const keys = [{ endpointId: 'a', origin: server.origin, key: 'sk-secret' }];
    await keyed.load({ keys });
    await server.chat(away);
    expect((await keyed.ask()).outcome).toMatchObject({ error: { code: 'remote-unreachable' } });
    const seen = (await server.seen()).requests;
    expect(seen.every(({ headers }) => headers.authorization === 'Bearer sk-secret')).toBe(true);
    expect((await elsewhere.seen()).requests).toEqual([]);
    await keyed.engine.unload();
    await elsewhere.stop();
  });
});

describe('a slow server', () => {
  const list = { act: 'status', status: 200, body: { object: 'list', data: [{ id: 'tiny' }] } } as const;

  test('is well as long as it answers in time', async () => {
    await server.models({ act: 'later', afterMs: 300, then: list });
    expect(await rig.load()).toMatchObject({ ok: true });
  });

  test('is silent when it does not', async () => {
    await server.models({ act: 'later', afterMs: 60_000, then: list });
    expect(await rig.load({ times: { ...PATIENT, healthMs: TIMES.healthMs } })).toMatchObject({
      error: { code: 'remote-silent', details: { phase: 'health' } },
    });
  });
});
