import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { seededRandom } from '#kernel/random';
import type { GenerateRequest, Generation } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { RemoteConfiguration, RemoteEndpoint } from '#contracts/remote';
import { STREAM_CREDITS, type StreamToPage, type StreamToWorker } from '#contracts/worker-api';
import { RemoteHost } from '../../../../workers/inference/remote-host.ts';
import { modelList } from '../../../fakes/chat-wire.ts';
import { ScriptedServer } from '../../../fakes/scripted-server.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';
import { endpoint, LOAD, REQUEST, turns, until } from '../../engines/remote/remote-rig.ts';

const KEY = 'sk-secret-4242';

let server: ScriptedServer;
let clock: VirtualClock;
let host: RemoteHost;

beforeEach(async () => {
  server = await ScriptedServer.start();
  clock = new VirtualClock();
  host = new RemoteHost({ fetch: (url, init) => fetch(url, init), clock, random: seededRandom(1) });
  await host.setPacing({ flushIntervalMs: 0, decodeDelayMs: 0 });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await host.unload();
  await server.stop();
});

function configuration(more: Partial<RemoteConfiguration> = {}, hasKey = false): RemoteConfiguration {
  return {
    member: { id: 'far', name: 'Far', model: 'tiny', endpointIds: ['a'] },
    endpoints: [endpoint('a', server.baseUrl, { hasKey })],
    keys: hasKey ? [{ endpointId: 'a', origin: server.origin, key: KEY }] : [],
    ...more,
  };
}

async function ready(more: Partial<RemoteConfiguration> = {}): Promise<void> {
  expect(await host.configure(configuration(more))).toEqual({ ok: true, value: null });
  expect(await host.load(LOAD)).toMatchObject({ ok: true, value: { backend: 'remote', modelId: 'far' } });
}

/** One answer as the page sees it. With `gives` it hands a credit back for each chunk. */
class Asked {
  readonly heard: StreamToPage[] = [];
  readonly outcome: Promise<Outcome<Generation>>;
  readonly #port: MessagePort;

  constructor(gives = true, request: GenerateRequest = REQUEST) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<StreamToPage>) => {
      this.heard.push(data);
      if (gives && data.type === 'chunk') this.say({ type: 'credit', credits: 1 });
    };
    this.outcome = host.generate(request, port2);
  }

  get texts(): readonly string[] {
    return this.heard.flatMap((message) => (message.type === 'chunk' ? [message.chunk.text] : []));
  }

  say(message: StreamToWorker): void {
    this.#port.postMessage(message);
  }
}

it('streams an answer; all chunks together are its text', async () => {
  server.chat({ act: 'answer', tokens: ['The ', 'sea ', 'is ', 'blue', '.', ' Yes', '.'] });
  await ready();
  const asked = new Asked();
  const outcome = await asked.outcome;
  expect(outcome).toMatchObject({
    ok: true,
    value: { text: 'The sea is blue. Yes.', finish: 'stop', promptTokens: 7, completionTokens: 7 },
  });
  await until(() => asked.texts.join('') === 'The sea is blue. Yes.');
  expect(server.chats).toHaveLength(1);
});

it('reads no further than the page gives credits', async () => {
  const tokens = Array.from({ length: 40 }, (_, index) => `${String(index)} `);
  server.chat({ act: 'answer', tokens });
  await ready();
  const asked = new Asked(false);
  await until(() => asked.texts.length === STREAM_CREDITS);
  await turns(50);
  expect(asked.texts).toEqual(tokens.slice(0, STREAM_CREDITS));
  asked.say({ type: 'credit', credits: 2 });
  await until(() => asked.texts.length === STREAM_CREDITS + 2);
  await turns(50);
  expect(asked.texts).toHaveLength(STREAM_CREDITS + 2);
  asked.say({ type: 'credit', credits: 99 });
  expect(await asked.outcome).toMatchObject({ ok: true, value: { text: tokens.join('') } });
});

it('a page that is slow is no silence of the server', async () => {
  server.chat({ act: 'answer', tokens: Array.from({ length: 9 }, () => 'a') });
  await ready();
  const asked = new Asked(false);
  await until(() => asked.texts.length === STREAM_CREDITS);
  clock.advance(600_000);
  await turns(20);
  asked.say({ type: 'credit', credits: 9 });
  expect(await asked.outcome).toMatchObject({ ok: true, value: { text: 'aaaaaaaaa' } });
});

it('a stop ends the answer with its text so far, and hangs up', async () => {
  server.chat({
    act: 'raw',
    pieces: ['data: {"choices":[{"delta":{"content":"so far"}}]}\n\n'],
    then: 'open',
  });
  await ready();
  const asked = new Asked();
  await until(() => asked.texts.length === 1);
  asked.say({ type: 'stop' });
  expect(await asked.outcome).toMatchObject({ ok: true, value: { text: 'so far', finish: 'cancelled' } });
  await until(() => server.open === 0);
});

it('tells the page that it lives while a server is silent, until the deadline', async () => {
  server.chat({ act: 'silent' });
  await ready({ times: { healthMs: 1_000, firstTokenMs: 60_000, tokenGapMs: 1_000 } });
  const asked = new Asked();
  await until(() => server.chats.length === 1);
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 500); // the gate says it no oftener
  clock.advance(14_000);
  await until(() => asked.heard.some(({ type }) => type === 'working'));
  clock.advance(46_000);
  expect(await asked.outcome).toMatchObject({
    error: { code: 'remote-silent', details: { phase: 'first-token', silentMs: 60_000 } },
  });
  expect(clock.pending).toBe(0);
});

it.each(['unload', 'load'] as const)('an answer under way ends with %s', async (what) => {
  server.chat({ act: 'silent' });
  await ready();
  const asked = new Asked();
  await until(() => server.chats.length === 1);
  if (what === 'unload') await host.unload();
  else await host.load(LOAD);
  expect(await asked.outcome).toMatchObject({ ok: true, value: { finish: 'cancelled' } });
  await until(() => server.open === 0);
});

describe('what cannot be', () => {
  it('is refused before there are servers', async () => {
    expect(await host.load(LOAD)).toMatchObject({
      error: { code: 'engine-failed', details: { reason: 'not-configured' } },
    });
    expect(await new Asked().outcome).toMatchObject({ error: { code: 'engine-failed' } });
    expect(await host.health()).toEqual({ ok: true, value: [] });
  });

  it('is a second answer beside the first', async () => {
    server.chat({ act: 'silent' });
    await ready();
    const first = new Asked();
    expect(await new Asked().outcome).toMatchObject({
      error: { code: 'slots-exhausted', details: { slots: 1 } },
    });
    first.say({ type: 'stop' });
    expect(await first.outcome).toMatchObject({ ok: true });
  });

  it('is an embedding', async () => {
    await host.configure(configuration());
    expect(await host.load({ ...LOAD, embeddings: true })).toMatchObject({
      error: { code: 'request-unsupported' },
    });
  });

  it('is a member on a server that nobody named', async () => {
    await host.configure(configuration({ endpoints: [] }));
    expect(await host.load(LOAD)).toMatchObject({ error: { code: 'record-invalid' } });
  });
});

describe('keys', () => {
  it('go into one header, and out again with the next configuration', async () => {
    await host.configure(configuration({}, true));
    await host.load(LOAD);
    await new Asked().outcome;
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${KEY}`,
      `Bearer ${KEY}`,
    ]);
    await host.configure({ ...configuration({}, true), keys: [] });
    expect(await new Asked().outcome).toMatchObject({
      error: { code: 'remote-refused', details: { reason: 'key-missing' } },
    });
    expect(server.requests).toHaveLength(2);
  });

  it('that no header can carry are refused, without being told', async () => {
    const refused = await host.configure(
      configuration({ keys: [{ endpointId: 'a', origin: server.origin, key: 'sk-ünsent' }] }),
    );
    expect(refused).toMatchObject({ error: { code: 'usage' } });
    expect(JSON.stringify(refused)).not.toContain('nsent');
  });

  it('of the member are no business of a look at another server', async () => {
    await host.configure(configuration({}, true));
    const same: RemoteEndpoint = endpoint('a', server.baseUrl);
    expect(await host.check(same, null)).toMatchObject({ ok: true, value: { state: 'ok' } });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    await host.check(same, { endpointId: 'a', origin: server.origin, key: 'sk-other' });
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer sk-other');
  });
});

describe('a look at a server', () => {
  it('lists its models', async () => {
    server.models({
      act: 'status',
      status: 200,
      body: modelList('tiny', 'llamacpp', { meta: { n_ctx: 256, n_vocab: 512 } }),
    });
    expect(await host.listModels(endpoint('x', server.baseUrl), null)).toEqual({
      ok: true,
      value: [{ id: 'tiny', aliases: [], contextTokens: 256, vocabularySize: 512 }],
    });
  });

  it('finds one without a list', async () => {
    server.models({ act: 'status', status: 404, body: {} });
    expect(await host.listModels(endpoint('x', server.baseUrl), null)).toEqual({ ok: true, value: null });
  });

  it('leaves what is known of the servers of the member as it is', async () => {
    await ready();
    const before = await host.health();
    server.models({ act: 'status', status: 500, body: {} });
    expect(await host.check(endpoint('a', server.baseUrl), null)).toMatchObject({
      error: { code: 'remote-failed' },
    });
    expect(await host.health()).toEqual(before);
  });
});

it('keeps what it knows of a server when it is configured again', async () => {
  await ready();
  const before = await host.health();
  expect(before).toMatchObject({ value: [{ endpointId: 'a', state: 'ok' }] });
  await host.configure(configuration());
  expect(await host.health()).toEqual(before);
});
