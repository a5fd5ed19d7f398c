import { afterEach, beforeEach, expect, it } from 'vitest';
import { ScriptedServer } from '../../../fakes/scripted-server.ts';
import { endpoint, REQUEST, RemoteRig, until } from './remote-rig.ts';

let a: ScriptedServer;
let b: ScriptedServer;
let rig: RemoteRig;

beforeEach(async () => {
  a = await ScriptedServer.start();
  b = await ScriptedServer.start();
  rig = new RemoteRig([endpoint('a', a.baseUrl), endpoint('b', b.baseUrl)]);
  a.chat({ act: 'answer', tokens: ['from a'] });
  b.chat({ act: 'answer', tokens: ['from b'] });
});

afterEach(async () => {
  await until(() => rig.clock.pending === 0);
  await Promise.all([a.stop(), b.stop()]);
});

const BROKEN = { act: 'status', status: 500, body: { error: 'broken' } } as const;

async function text(request = REQUEST): Promise<string> {
  const outcome = await rig.drive(rig.ask(request).outcome);
  return outcome.ok ? outcome.value.text : outcome.error.code;
}

it.each([
  ['fails', BROKEN],
  ['hangs up', { act: 'hang-up' }],
  ['is busy', { act: 'status', status: 429, body: {} }],
  ['does not know the key any more', { act: 'status', status: 401, body: { error: 'Unauthorized' } }],
  ['has lost the model', { act: 'status', status: 404, body: { error: 'model "tiny" not found' } }],
  ['answers with a page', { act: 'status', status: 200, body: '<html>Sign in</html>' }],
] as const)('goes to the other server at once when the first %s', async (_what, act) => {
  await rig.load();
  a.chat(act);
  expect(await rig.ask().outcome).toMatchObject({ value: { text: 'from b' } });
  expect(rig.clock.nowMs()).toBe(0); // nothing was waited for
  expect([a.chats.length, b.chats.length]).toEqual([1, 1]);
});

it('goes to the other server when the first is silent', async () => {
  await rig.load();
  a.chat({ act: 'silent' });
  const asked = rig.ask();
  await until(() => a.chats.length === 1);
  rig.clock.advance(60_000);
  expect(await asked.outcome).toMatchObject({ value: { text: 'from b' } });
});

it('asks both again after a back-off when both fail', async () => {
  await rig.load();
  a.chat(BROKEN);
  b.chat(BROKEN, { act: 'answer', tokens: ['at last'] });
  expect(await text()).toBe('at last');
  expect(rig.clock.nowMs()).toBeGreaterThan(0);
});

it('stays away from a server with a wrong key, and reports that if the other fails too', async () => {
  await rig.load();
  a.chat({ act: 'status', status: 401, body: { error: 'Unauthorized' } });
  b.chat(BROKEN);
  const outcome = await rig.drive(rig.ask().outcome);
  expect(outcome).toMatchObject({
    error: { code: 'remote-refused', details: { endpoint: 'Server A', status: 401 } },
  });
  expect(a.chats).toHaveLength(1);
  expect(b.chats).toHaveLength(3);
});

it('does not carry a bad question from server to server', async () => {
  await rig.load();
  a.chat({ act: 'status', status: 400, body: { error: { message: 'bad', code: 400 } } });
  expect(await text()).toBe('remote-refused');
  expect(b.chats).toHaveLength(0);
});

it('keeps a conversation where it was, and moves it when that server fails', async () => {
  await rig.load();
  expect(await text()).toBe('from a');
  const next = {
    ...REQUEST,
    history: [
      { role: 'user', content: REQUEST.prompt },
      { role: 'assistant', content: 'from a' },
    ],
    prompt: 'And 2 + 2?',
  } as const;
  expect(await text(next)).toBe('from a');
  a.chat({ act: 'hang-up' });
  expect(await text(next)).toBe('from b');
  a.chat({ act: 'answer', tokens: ['from a'] });
  const elsewhere = rig.states[0]?.enter(); // another member found it well again, and quick
  elsewhere?.alive(0);
  elsewhere?.succeeded();
  expect(await text({ ...REQUEST, prompt: 'Something else' })).toBe('from a');
  expect(await text(next)).toBe('from b'); // its cache is there now
});

it('loads with one server of two; the other comes back by itself', async () => {
  b.models({ act: 'hang-up' });
  expect(await rig.drive(rig.load())).toMatchObject({ ok: true });
  expect(await text()).toBe('from a');
  b.models({ act: 'status', status: 200, body: { data: [{ id: 'tiny' }] } });
  a.chat({ act: 'hang-up' });
  rig.clock.advance(60_000);
  expect(await text()).toBe('from b');
});

it('leaves out a server that has not got the model', async () => {
  a.models({ act: 'status', status: 200, body: { data: [{ id: 'another' }] } });
  expect(await rig.load()).toMatchObject({ ok: true });
  b.chat(BROKEN);
  expect(await text()).toBe('remote-failed');
  expect(a.chats).toHaveLength(0);
});

it('says the most telling reason when no server can be used', async () => {
  a.models({ act: 'hang-up' });
  b.models({ act: 'status', status: 401, body: { error: 'Unauthorized' } });
  expect(await rig.drive(rig.load())).toMatchObject({
    error: { code: 'remote-refused', details: { endpoint: 'Server B', reason: 'key' } },
  });
});

it('looks at a server whose breaker is open when the member is loaded again', async () => {
  await rig.load();
  a.chat(BROKEN);
  b.chat(BROKEN);
  expect(await text()).toBe('remote-failed');
  expect(rig.states.map((state) => state.health().breaker)).toEqual(['open', 'open']);
  a.chat({ act: 'answer', tokens: ['from a'] });
  expect(await rig.load()).toMatchObject({ ok: true });
  expect(rig.states.map((state) => state.health().breaker)).toEqual(['closed', 'closed']);
  expect(await text()).toBe('from a');
});

it('promises no more context than the smallest of its servers has', async () => {
  a.models({ act: 'status', status: 200, body: { data: [{ id: 'tiny', max_model_len: 8192 }] } });
  b.models({ act: 'status', status: 200, body: { data: [{ id: 'tiny', max_model_len: 4096 }] } });
  expect(await rig.load()).toMatchObject({ ok: true, value: { contextTokens: 4096 } });
});

it('has a reason ready when there is no server at all', async () => {
  const none = new RemoteRig([]);
  expect(await none.load()).toMatchObject({
    error: { code: 'remote-unreachable', details: { reason: 'no-server' } },
  });
});
