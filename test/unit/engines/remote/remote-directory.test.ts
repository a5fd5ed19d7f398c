import { afterEach, beforeEach, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import { KeyRing } from '../../../../src/engines/remote/key-ring.ts';
import { RemoteDirectory } from '../../../../src/engines/remote/remote-directory.ts';
import { modelList } from '../../../fakes/chat-wire.ts';
import { ScriptedServer } from '../../../fakes/scripted-server.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';
import { endpoint, LOAD, REQUEST, until } from './remote-rig.ts';

const FOREVER = new AbortController().signal;
const MEMBER = { id: 'far', name: 'Far', model: 'tiny', endpointIds: ['a'] };

let server: ScriptedServer;
let clock: VirtualClock;
let keys: KeyRing;
let directory: RemoteDirectory;

beforeEach(async () => {
  server = await ScriptedServer.start();
  clock = new VirtualClock();
  keys = new KeyRing();
  directory = new RemoteDirectory({
    fetch: (url, init) => fetch(url, init),
    clock,
    keys,
    random: seededRandom(1),
  });
  directory.configure([endpoint('a', server.baseUrl)]);
});

afterEach(async () => {
  await server.stop();
});

it('checks a server for the page: how it is, and what it has', async () => {
  expect(directory.health()).toMatchObject([{ endpointId: 'a', state: 'unknown', checkedAt: null }]);
  server.models({ act: 'status', status: 200, body: modelList('tiny', 'vllm', { max_model_len: 4096 }) });
  expect(await directory.check(FOREVER, 'a')).toMatchObject({
    ok: true,
    value: {
      health: { endpointId: 'a', state: 'ok', breaker: 'closed', lastLatencyMs: 0 },
      models: [{ id: 'tiny', contextTokens: 4096 }],
    },
  });
  server.models({ act: 'status', status: 404, body: {} });
  expect(await directory.check(FOREVER, 'a')).toMatchObject({ ok: true, value: { models: null } });
});

it('says what is wrong with a server in words that name it', async () => {
  server.models({ act: 'status', status: 401, body: { error: 'Unauthorized' } });
  expect(await directory.check(FOREVER, 'a')).toMatchObject({
    error: { code: 'remote-refused', details: { model: 'Server A', status: 401 } },
  });
  expect(directory.health()).toMatchObject([{ state: 'refused' }]);
  expect(await directory.check(FOREVER, 'nobody')).toMatchObject({ error: { code: 'record-invalid' } });
});

it('stops a check', async () => {
  server.models({ act: 'silent' });
  const stop = new AbortController();
  const checking = directory.check(stop.signal, 'a');
  await until(() => server.requests.length === 1);
  stop.abort();
  expect(await checking).toMatchObject({ error: { code: 'cancelled' } });
  expect(directory.health()).toMatchObject([{ state: 'unknown', inFlight: 0 }]);
  expect(clock.pending).toBe(0);
});

it('closes an open breaker when the user checks a server that is back', async () => {
  server.models({ act: 'hang-up' });
  for (let times = 0; times < 3; times += 1) await directory.check(FOREVER, 'a');
  expect(directory.health()).toMatchObject([{ state: 'unreachable', breaker: 'open' }]);
  server.models({ act: 'status', status: 200, body: modelList('tiny') });
  expect(await directory.check(FOREVER, 'a')).toMatchObject({ ok: true });
  expect(directory.health()).toMatchObject([{ state: 'ok', breaker: 'closed' }]);
});

it('lets members that use one server share what is known of it', async () => {
  const first = directory.engineFor(MEMBER);
  const second = directory.engineFor({ ...MEMBER, id: 'near', name: 'Near' });
  if (!first.ok || !second.ok) throw new Error('no engines');
  for (const engine of [first.value, second.value]) {
    expect(await engine.load(FOREVER, LOAD)).toMatchObject({ ok: true });
  }
  server.chat({ act: 'status', status: 429, body: {}, headers: { 'retry-after': '30' } });
  expect(await first.value.generate(FOREVER, REQUEST, () => undefined)).toMatchObject({
    error: { code: 'remote-busy' },
  });
  expect(await second.value.generate(FOREVER, REQUEST, () => undefined)).toMatchObject({
    error: { code: 'remote-busy', details: { reason: 'resting' } },
  });
  expect(server.chats).toHaveLength(1);
});

it('keeps what is known of servers that did not change, and forgets the key of one that is gone', async () => {
  keys.set('a', server.baseUrl, 'key-of-a');
  keys.set('b', 'http://b.example', 'key-of-b');
  directory.configure([endpoint('a', server.baseUrl), endpoint('b', 'http://b.example/v1')]);
  await directory.check(FOREVER, 'a');
  directory.configure([endpoint('a', server.baseUrl)]);
  expect(directory.health()).toMatchObject([{ endpointId: 'a', state: 'ok' }]);
  expect([keys.has('a'), keys.has('b')]).toEqual([true, false]);
  directory.configure([endpoint('a', `${server.origin}/other/v1`)]);
  expect(directory.health()).toMatchObject([{ endpointId: 'a', state: 'unknown' }]);
});

it('makes no engine for a member with an unknown server', () => {
  expect(directory.engineFor({ ...MEMBER, endpointIds: ['a', 'gone'] })).toMatchObject({
    error: { code: 'record-invalid', details: { problem: 'no server gone' } },
  });
});
