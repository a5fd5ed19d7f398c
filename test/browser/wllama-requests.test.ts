import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GenerateRequest } from '#contracts/engine';
import { SHAPE_1M } from './synthetic-gguf.ts';
import { syntheticSource } from './synthetic-model.ts';
import { answer, NEVER, REQUEST, startEngine, type StartedEngine } from './synthetic-engine.ts';

/** A member whose vocabulary has every byte: it soon says one that is no character by itself. */
let bytes: StartedEngine;
let plain: StartedEngine;

beforeAll(async () => {
  plain = await startEngine();
  const model = await syntheticSource(SHAPE_1M, { seed: 1, highBytes: true });
  bytes = await startEngine({ model, slots: 4, contextTokens: 2048 });
});

afterAll(async () => {
  await plain.engine.unload();
  await bytes.engine.unload();
});

describe('the conversation', () => {
  test('has the system’s word and the earlier turns in the model’s own template', async () => {
    const alone = await answer(plain.engine, { maxTokens: 1 });
    const history = [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Good day' },
    ] as const;
    const whole = await answer(plain.engine, { maxTokens: 1, system: 'Be brief.', history });
    // One token for each character: "system: Be brief.⏎", "user: Hello⏎", "assistant: Good day⏎".
    expect(whole.promptTokens - alone.promptTokens).toBe(18 + 12 + 20);
  });

  test('may hold half a surrogate pair', async () => {
    expect((await answer(plain.engine, { prompt: 'torn \ud83d', maxTokens: 2 })).completionTokens).toBe(2);
  });
});

describe('the choice of words', () => {
  test('is held to a JSON schema', async () => {
    const jsonSchema = {
      type: 'object',
      properties: { answer: { enum: ['sea', 'stars'] } },
      required: ['answer'],
      additionalProperties: false,
    };
    const { text } = await answer(plain.engine, { jsonSchema, ignoreEos: false, maxTokens: 200 });
    expect(JSON.parse(text)).toEqual({ answer: expect.stringMatching(/^(sea|stars)$/) as string });
  });

  test('narrows with topP', async () => {
    const wide = await answer(plain.engine, { seed: 4 });
    const narrow = await answer(plain.engine, { seed: 4, topP: 0.01 });
    const greedy = await answer(plain.engine, { temperature: 0 });
    expect(narrow.text).toBe(greedy.text);
    expect(wide.text).not.toBe(greedy.text);
  });

  test('can be had with the log-probability of each token', async () => {
    const { logprobs, text } = await answer(plain.engine, { logprobs: true, maxTokens: 12 });
    expect(logprobs).toHaveLength(12);
    expect(logprobs?.map(({ token }) => token).join('')).toBe(text);
    for (const { logprob } of logprobs ?? []) expect(logprob).toBeLessThanOrEqual(0);
  });
});

describe('a request that cannot be met', () => {
  test.each<[string, Partial<GenerateRequest>]>([
    ['json-schema', { jsonSchema: { type: 'nonsense' } }],
    ['json-schema', { jsonSchema: { $ref: 'https://page/schema' } }],
    ['grammar', { grammar: 'root ::= (' }],
    ['grammar-and-schema', { grammar: 'root ::= "a"', jsonSchema: { type: 'object' } }],
    ['max-tokens', { maxTokens: 0 }],
  ])('is refused (%s), and the model goes on: %o', async (reason, change) => {
    const refused = await plain.engine.generate(NEVER, { ...REQUEST, ...change }, () => undefined);
    expect(refused).toMatchObject({ error: { code: 'request-unsupported', details: { reason } } });
    expect((await answer(plain.engine, { maxTokens: 3 })).completionTokens).toBe(3);
  });

  test('does not touch the answers beside it', async () => {
    const undisturbed = await answer(bytes.engine);
    const beside = answer(bytes.engine);
    const refused = await Promise.all(
      [{ jsonSchema: { type: 'nonsense' } }, { grammar: 'root ::= (' }, { prompt: 'x'.repeat(3000) }].map(
        (change) => bytes.engine.generate(NEVER, { ...REQUEST, ...change }, () => undefined),
      ),
    );
    expect(refused.map((outcome) => (outcome.ok ? 'ok' : outcome.error.code))).toEqual([
      'request-unsupported',
      'request-unsupported',
      'context-exceeded',
    ]);
    expect((await beside).text).toBe(undisturbed.text);
  });
});

test('half a character among log-probabilities costs these, not the answer nor its neighbours', async () => {
  const seeds = [1, 2, 3];
  const undisturbed = await Promise.all(seeds.map((seed) => answer(bytes.engine, { seed })));
  const disturbed = await Promise.all(
    seeds.map((seed) => answer(bytes.engine, { seed, logprobs: seed === 2 })),
  );
  expect(disturbed.map(({ text }) => text)).toEqual(undisturbed.map(({ text }) => text));
  // The trap really was there: this answer has halves of characters, and its log-probabilities were given up.
  expect(undisturbed[1]?.text).toContain('\ufffd');
  expect(disturbed[1]?.logprobs).toBeUndefined();
});
