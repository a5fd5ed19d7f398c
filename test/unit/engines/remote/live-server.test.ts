import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#kernel/clock';
import { present } from '#kernel/assert';
import { seededRandom } from '#kernel/random';
import type { GenerateRequest, LoadedModel, TokenChunk } from '#contracts/engine';
import { normalizedBaseUrl, type RemoteServer } from '#contracts/remote';
import { EndpointState } from '../../../../src/engines/remote/endpoint-state.ts';
import { KeyRing } from '../../../../src/engines/remote/key-ring.ts';
import { RemoteEngine } from '../../../../src/engines/remote/remote-engine.ts';
import { checkServer } from '../../../../src/engines/remote/server-check.ts';
import { endpoint, LOAD } from './remote-rig.ts';

/**
 * Against a server that really runs:
 * `WITAN_TEST_ENDPOINT=http://localhost:8080 npm run unit -- test/unit/engines/remote/live-server.test.ts`,
 * with `WITAN_TEST_MODEL` (default: the first of its list) and `WITAN_TEST_KEY` where they are needed.
 */
const ADDRESS = process.env['WITAN_TEST_ENDPOINT'];
const NAME =
  ADDRESS === undefined
    ? 'a real server: skipped, because none is named in WITAN_TEST_ENDPOINT'
    : `a real server at ${ADDRESS}`;
const GRAMMAR_SERVERS: readonly RemoteServer[] = ['llama.cpp', 'vllm', 'sglang'];

const FOREVER = new AbortController().signal;
const REQUEST: GenerateRequest = { prompt: 'What is 12 + 30?', maxTokens: 24, temperature: 0, seed: 1 };

describe.skipIf(ADDRESS === undefined)(NAME, () => {
  const keys = new KeyRing();
  let engine: RemoteEngine;
  let state: EndpointState;
  let model: string;
  let loaded: LoadedModel;

  beforeAll(async () => {
    const baseUrl = present(normalizedBaseUrl(ADDRESS ?? ''), 'an address in WITAN_TEST_ENDPOINT');
    const key = process.env['WITAN_TEST_KEY'];
    if (key !== undefined) keys.set('live', baseUrl, key);
    state = new EndpointState(endpoint('live', baseUrl, { hasKey: key !== undefined }), systemClock);
    const services = {
      fetch: (url: string, init: RequestInit) => fetch(url, init),
      clock: systemClock,
      keys,
      random: seededRandom(1),
    };
    const listed = await checkServer(FOREVER, state, services, 'any', 8_000);
    if (!listed.ok) throw new Error(JSON.stringify(listed.error));
    model = process.env['WITAN_TEST_MODEL'] ?? present(listed.value?.models[0], 'a model').id;
    engine = new RemoteEngine([state], services);
    const outcome = await load(model);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
    loaded = outcome.value;
  });

  function load(name: string): ReturnType<RemoteEngine['load']> {
    return engine.load(FOREVER, {
      ...LOAD,
      model: { format: 'remote', id: 'live', name: 'Live', model: name },
    });
  }

  async function answer(more: Partial<GenerateRequest>, stop: AbortSignal = FOREVER, onChunk?: () => void) {
    const chunks: TokenChunk[] = [];
    const outcome = await engine.generate(stop, { ...REQUEST, ...more }, (chunk) => {
      chunks.push(chunk);
      onChunk?.();
    });
    return { outcome, chunks };
  }

  it('is well, and has the model', async ({ annotate }) => {
    await annotate(`${state.server}: ${JSON.stringify(loaded)} ${JSON.stringify(state.health())}`);
    expect(loaded).toMatchObject({ backend: 'remote', modelId: 'live' });
    expect(loaded.contextTokens).toBeGreaterThan(0);
    expect(state.health()).toMatchObject({ state: 'ok', breaker: 'closed' });
  });

  it('streams an answer and its figures', async ({ annotate }) => {
    const { outcome, chunks } = await answer({});
    await annotate(JSON.stringify(outcome));
    if (!outcome.ok) throw new Error(outcome.error.code);
    expect(chunks.map(({ text }) => text).join('')).toBe(outcome.value.text);
    expect(outcome.value.completionTokens).toBeGreaterThanOrEqual(2);
    expect(outcome.value.promptTokens).toBeGreaterThan(0);
    expect(outcome.value.timeToFirstTokenMs).not.toBeNull();
  });

  it('stops in the middle, with the text so far', async ({ annotate }) => {
    const controller = new AbortController();
    const { outcome, chunks } = await answer({ maxTokens: 200, temperature: 1 }, controller.signal, () => {
      controller.abort();
    });
    await annotate(JSON.stringify(outcome));
    expect(outcome).toMatchObject({ ok: true, value: { finish: 'cancelled' } });
    expect(chunks.length).toBeGreaterThan(0);
    expect((await answer({})).outcome.ok).toBe(true); // and answers again
  });

  it('refuses a model that it does not have', async () => {
    expect(await load('no-such-model-here')).toMatchObject({ error: { code: 'remote-refused' } });
    expect(await load(model)).toMatchObject({ ok: true });
  });

  it('obeys a grammar, where it takes one', async ({ annotate, skip }) => {
    if (!GRAMMAR_SERVERS.includes(state.server)) skip(`${state.server} takes no grammar`);
    const { outcome } = await answer({ grammar: 'root ::= "yes" | "no"', prompt: 'Is 2 even?' });
    await annotate(JSON.stringify(outcome));
    expect(outcome.ok && /^(yes|no)$/.test(outcome.value.text)).toBe(true);
  });

  it('obeys a JSON schema', async ({ annotate }) => {
    const jsonSchema = {
      type: 'object',
      properties: { answer: { type: 'string', enum: ['a', 'b'] } },
      required: ['answer'],
      additionalProperties: false,
    };
    const { outcome } = await answer({ jsonSchema, prompt: 'Choose a or b.', maxTokens: 60 });
    await annotate(JSON.stringify(outcome));
    if (!outcome.ok) throw new Error(outcome.error.code);
    expect(JSON.parse(outcome.value.text)).toMatchObject({
      answer: expect.stringMatching(/^[ab]$/) as unknown,
    });
  });

  it('gives log-probabilities, or none', async ({ annotate }) => {
    const { outcome } = await answer({ logprobs: true });
    await annotate(JSON.stringify(outcome));
    if (!outcome.ok) throw new Error(outcome.error.code);
    for (const { logprob } of outcome.value.logprobs ?? []) expect(logprob).toBeLessThanOrEqual(0);
  });

  it('says when a question does not fit, unless it shortens it by itself', async ({ annotate }) => {
    const prompt = 'one two three four five six seven eight nine ten '.repeat(loaded.contextTokens / 4);
    const { outcome } = await answer({ prompt });
    await annotate(JSON.stringify(outcome).slice(0, 400));
    if (!outcome.ok) expect(outcome.error.code).toBe('context-exceeded');
  });
});
