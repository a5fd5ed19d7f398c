import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { seededRandom } from '#kernel/random';
import type { GenerateRequest, TokenChunk } from '#contracts/engine';
import { failure } from '#contracts/errors';
import { EndpointState } from '../../../../../src/engines/remote/endpoint-state.ts';
import { KeyRing } from '../../../../../src/engines/remote/key-ring.ts';
import { RemoteEngine } from '../../../../../src/engines/remote/remote-engine.ts';
import { deliberation } from '../../../../fakes/port-data.ts';
import { aborted, generation } from '../../../../fakes/serve-backend.ts';
import { ServerRig } from './server-rig.ts';

const NEVER = new AbortController().signal;
const REQUEST: GenerateRequest = { prompt: 'What is 38 + 47?', maxTokens: 72, temperature: 0, seed: 5 };
const TOKEN = 'secret-token';

let rig: ServerRig;

beforeEach(async () => {
  rig = await new ServerRig({
    guard: { host: '127.0.0.1', token: TOKEN, allowOrigins: [] },
    rules: { seed: 1, leaveOut: [] },
    queueLimit: 0,
  }).start();
});

afterEach(() => rig.stop());

/** The engine with which Witan asks servers, as the app has it; real sockets, real time. */
async function engineOf(model: string, key: string | null = TOKEN) {
  const keys = new KeyRing();
  if (key !== null) keys.set('far', rig.baseUrl, key);
  const endpoint = {
    id: 'far',
    label: 'Far',
    baseUrl: rig.baseUrl,
    hasKey: key !== null,
    server: 'auto',
  } as const;
  const state = new EndpointState(endpoint, systemClock);
  const engine = new RemoteEngine([state], {
    fetch: (url, init) => fetch(url, init),
    clock: systemClock,
    keys,
    random: seededRandom(1),
  });
  const loaded = await engine.load(NEVER, {
    model: { format: 'remote', id: 'far', name: 'Far', model },
    threads: 1,
    contextTokens: 2048,
    slots: 1,
  });
  return { engine, loaded, state };
}

async function ask(
  model: string,
  request: Partial<GenerateRequest> = {},
  signal: AbortSignal = NEVER,
  onChunk?: () => void,
) {
  const { engine } = await engineOf(model);
  const chunks: TokenChunk[] = [];
  const outcome = await engine.generate(signal, { ...REQUEST, ...request }, (chunk) => {
    chunks.push(chunk);
    onChunk?.();
  });
  return { outcome, text: chunks.map(({ text }) => text).join('') };
}

test('finds the council and each member, and nobody else', async () => {
  expect((await engineOf('witan-council')).loaded).toMatchObject({ ok: true, value: { backend: 'remote' } });
  const { loaded, state } = await engineOf('alder');
  expect(loaded.ok).toBe(true);
  expect(state.health()).toMatchObject({ state: 'ok', breaker: 'closed' });
  expect((await engineOf('oak')).loaded).toMatchObject({ error: { code: 'remote-refused' } });
});

test('hears the council’s answer, and what it cost', async () => {
  const { outcome, text } = await ask('witan-council');
  expect(text).toBe('85');
  expect(outcome).toMatchObject({ ok: true, value: { text: '85', finish: 'stop', completionTokens: 9 } });
  expect(rig.backend.questions).toEqual([
    { prompt: REQUEST.prompt, seed: 5, history: [], leaveOutHistory: false },
  ]);
});

test('gives a member all that it is given itself', async () => {
  const history = [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hi' },
  ] as const;
  const jsonSchema = { type: 'object' };
  const { outcome } = await ask('alder', { system: 'Be brief.', history, topP: 0.9, jsonSchema });
  expect(outcome).toMatchObject({ ok: true, value: { text: '85', promptTokens: 18, completionTokens: 2 } });
  expect(rig.backend.requests).toMatchObject([
    { memberId: 'alder', request: { ...REQUEST, system: 'Be brief.', history, topP: 0.9, jsonSchema } },
  ]);
});

test('hears that the council takes no instruction, and gets an answer where that may be left out', async () => {
  expect((await ask('witan-council', { system: 'Be brief.' })).outcome).toMatchObject({
    error: {
      code: 'remote-refused',
      details: { status: 400 },
      cause: expect.stringContaining('system message') as unknown,
    },
  });
  await rig.stop();
  rig = await new ServerRig({
    guard: { host: '127.0.0.1', token: TOKEN, allowOrigins: [] },
    rules: { seed: 1, leaveOut: ['system'] },
  }).start();
  expect((await ask('witan-council', { system: 'Be brief.' })).text).toBe('85');
});

test('a council that declines does so in the words that count as that', async () => {
  const words = 'I cannot answer that.';
  const [first] = deliberation().members;
  if (first === undefined) throw new Error('a member');
  const members = [{ ...first, status: 'abstained', answer: words, key: null } as const];
  const record = deliberation({ outcome: 'abstained', answer: null, key: null, members });
  rig.backend.onAsk = () => Promise.resolve(ok(record));
  expect((await ask('witan-council')).text).toBe(words);
});

test('a stop ends the answer there', async () => {
  let stopped = false;
  rig.backend.onGenerate = async (signal, _question, onText) => {
    onText('8');
    await aborted(signal);
    stopped = true;
    return ok({ generation: generation('8', { finish: 'cancelled' }), leftOut: [] });
  };
  const leaving = new AbortController();
  const { outcome } = await ask('alder', {}, leaving.signal, () => {
    leaving.abort();
  });
  expect(outcome).toMatchObject({ ok: true, value: { text: '8', finish: 'cancelled' } });
  while (rig.queue.running > 0) await new Promise(setImmediate);
  expect(stopped).toBe(true);
});

test.each([
  [failure('prompt-too-long', { characters: 900, limit: 140 }), 'context-exceeded'],
  [failure('request-unsupported', { model: 'Alder', reason: 'it takes no instruction' }), 'remote-refused'],
])('a failure comes through as what it is: %j', async (problem, code) => {
  rig.backend.onGenerate = () => Promise.resolve(err(problem));
  expect((await ask('alder')).outcome).toMatchObject({ error: { code } });
});

test('a failure in the middle of an answer is one, and not the end of it', async () => {
  rig.backend.onGenerate = (_signal, _question, onText) => {
    onText('8');
    return Promise.resolve(err(failure('worker-lost', { member: 'Alder' })));
  };
  const { outcome, text } = await ask('alder');
  expect(text).toBe('8');
  expect(outcome.ok).toBe(false);
});

test('without its key it is refused', async () => {
  expect((await engineOf('alder', null)).loaded).toMatchObject({
    error: { code: 'remote-refused', details: { status: 401, reason: 'key' } },
  });
});
