import { afterEach, beforeEach, expect, it } from 'vitest';
import type { WitanFailure } from '#contracts/errors';
import { delta, sse } from '../../../fakes/chat-wire.ts';
import { ScriptedServer, type Act } from '../../../fakes/scripted-server.ts';
import { endpoint, RemoteRig, until } from './remote-rig.ts';

const KEY = 'sk-tOp/secret+"4242"';

let server: ScriptedServer;
let inits: RequestInit[];
let rig: RemoteRig;

beforeEach(async () => {
  server = await ScriptedServer.start();
  inits = [];
  rig = new RemoteRig([endpoint('a', server.baseUrl, { hasKey: true })], {
    fetch: (url, init) => {
      inits.push(init);
      return fetch(url, init);
    },
  });
  rig.keys.set('a', server.baseUrl, KEY);
});

afterEach(async () => {
  await server.stop();
});

it('sends the key in one header, and nothing else of this page', async () => {
  await rig.load();
  await rig.ask().outcome;
  expect(server.requests.map(({ path }) => path)).toEqual(['/v1/models', '/v1/chat/completions']);
  for (const { headers, path, body } of server.requests) {
    expect(headers.authorization).toBe(`Bearer ${KEY}`);
    const { authorization: _, ...others } = headers;
    expect(JSON.stringify(others) + path + body).not.toContain('secret');
    expect(headers).not.toHaveProperty('cookie');
    expect(headers).not.toHaveProperty('referer');
  }
  for (const init of inits) {
    expect(init).toMatchObject({
      mode: 'cors',
      redirect: 'error',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
    });
  }
});

it('sends nothing at all while the key of a server is not there', async () => {
  rig.keys.delete('a'); // a new tab, and the vault is not open yet
  expect(await rig.load()).toMatchObject({
    error: { code: 'remote-refused', details: { endpoint: 'Server A', status: 401, reason: 'key-missing' } },
  });
  expect(server.requests).toEqual([]);
});

it.each([true, false])('sends no key to another origin than its own (hasKey %j)', async (hasKey) => {
  const moved = await ScriptedServer.start();
  const other = new RemoteRig([endpoint('a', moved.baseUrl, { hasKey })]);
  other.keys.set('a', server.baseUrl, KEY); // entered for the old address
  expect((await other.load()).ok).toBe(!hasKey);
  expect(moved.requests.map(({ headers }) => headers.authorization)).toEqual(hasKey ? [] : [undefined]);
  await moved.stop();
});

const echoes = (extra: string): string => `You sent Bearer ${KEY} and ${encodeURIComponent(KEY)} ${extra}`;

const ECHOES: readonly (readonly [string, Act])[] = [
  [
    'in a JSON error',
    { act: 'status', status: 401, body: { error: { message: echoes(''), code: 'invalid_api_key' } } },
  ],
  ['in an error of text', { act: 'status', status: 400, body: { error: echoes('') } }],
  ['in a page', { act: 'status', status: 403, body: `<html>${echoes('')}</html>` }],
  ['in a page with status 200', { act: 'status', status: 200, body: `<html>${echoes('')}</html>` }],
  ['in JSON with status 200', { act: 'status', status: 200, body: { echo: echoes('') } }],
  ['as base64', { act: 'status', status: 500, body: { error: `Basic ${btoa(KEY)}` } }],
  [
    'in the stream',
    { act: 'raw', pieces: [delta('a'), sse({ error: { message: echoes('') } })], then: 'close' },
  ],
  ['as an event', { act: 'raw', pieces: [`event: error\ndata: ${echoes('')}\n\n`], then: 'close' }],
  ['as a validation error', { act: 'status', status: 422, body: { detail: [{ input: { key: KEY } }] } }],
  [
    'beyond the length that is kept',
    { act: 'status', status: 400, body: { error: `${'.'.repeat(285)}${KEY} ${echoes('')}` } },
  ],
];

function expectNoKey(problem: WitanFailure): void {
  const told = JSON.stringify(problem);
  for (const form of [KEY, JSON.stringify(KEY).slice(1, -1), encodeURIComponent(KEY), btoa(KEY)]) {
    expect(told).not.toContain(form);
  }
  expect(told).not.toMatch(/sk-tOp|secret|4242/); // nor a part of it
}

it.each(ECHOES)('an answer that echoes the key %s does not carry it on', async (_where, act) => {
  await rig.load();
  server.chat(act);
  const outcome = await rig.drive(rig.ask().outcome);
  if (outcome.ok) throw new Error('an error was expected');
  expectNoKey(outcome.error);
});

it.each(ECHOES.filter(([, act]) => act.act === 'status'))(
  'a health check that echoes the key %s does not carry it on',
  async (_where, act) => {
    server.models(act);
    const loaded = await rig.drive(rig.load());
    if (loaded.ok) throw new Error('an error was expected');
    expectNoKey(loaded.error);
  },
);

it('a fetch that quotes the header in its error does not carry it on', async () => {
  const broken = new RemoteRig([endpoint('a', server.baseUrl)], {
    fetch: (_url, init) => Promise.reject(new TypeError(`bad header ${JSON.stringify(init.headers)}`)),
  });
  broken.keys.set('a', server.baseUrl, KEY);
  const loaded = await broken.drive(broken.load());
  if (loaded.ok) throw new Error('an error was expected');
  expectNoKey(loaded.error);
});

it('says nothing of the address of a server in a failure', async () => {
  server.chat({ act: 'silent' });
  await rig.load();
  const asked = rig.ask();
  await until(() => server.chats.length === 1);
  rig.clock.advance(60_000);
  const outcome = await asked.outcome;
  if (outcome.ok) throw new Error('an error was expected');
  expect(JSON.stringify(outcome.error)).not.toContain('127.0.0.1');
  expect(outcome.error.details).toMatchObject({ endpoint: 'Server A' });
});
