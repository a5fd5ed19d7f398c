import { describe, expect, it } from 'vitest';
import type { GenerateRequest } from '#contracts/engine';
import { chatBody } from '../../../../workers/inference/wllama-request.ts';

const REQUEST: GenerateRequest = { prompt: 'Why?', maxTokens: 8, temperature: 0, seed: 1 };

function bodyOf(change: Partial<GenerateRequest>): Readonly<Record<string, unknown>> {
  const body = chatBody({ ...REQUEST, ...change }, 'Alder');
  if (!body.ok) throw new Error(body.error.code);
  return body.value;
}

it('asks for no more than was asked for', () => {
  expect(bodyOf({})).toEqual({
    messages: [{ role: 'user', content: 'Why?' }],
    stream: true,
    max_tokens: 8,
    temperature: 0,
    seed: 1,
    cache_prompt: true,
  });
});

it('puts the system’s word first and the question last', () => {
  const history = [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Good day' },
  ] as const;
  expect(bodyOf({ system: 'Be brief.', history })['messages']).toEqual([
    { role: 'system', content: 'Be brief.' },
    ...history,
    { role: 'user', content: 'Why?' },
  ]);
});

it('passes on how to choose words', () => {
  const schema = { type: 'object' };
  expect(bodyOf({ topP: 0.9, logprobs: true, ignoreEos: true, cachePrompt: false })).toMatchObject({
    top_p: 0.9,
    logprobs: true,
    top_logprobs: 1,
    ignore_eos: true,
    cache_prompt: false,
  });
  expect(bodyOf({ grammar: 'root ::= "a"' })['grammar']).toBe('root ::= "a"');
  expect(bodyOf({ jsonSchema: schema })['response_format']).toEqual({
    type: 'json_schema',
    json_schema: { name: 'answer', schema },
  });
});

it('makes text of half a surrogate pair: llama.cpp would throw, and wllama fail every answer under way', () => {
  const torn = '\ud83d';
  const body = bodyOf({ prompt: torn, system: torn, history: [{ role: 'user', content: torn }] });
  expect(JSON.stringify(body)).not.toContain('\\ud83d');
  expect(body['messages']).toEqual(['system', 'user', 'user'].map((role) => ({ role, content: '\ufffd' })));
});

it.each([
  [-1, 0],
  [2 ** 32 - 1, 0],
  [2 ** 32 + 5, 5],
])('never lets llama.cpp choose the seed: %s', (seed, sent) => {
  expect(bodyOf({ seed })['seed']).toBe(sent);
});

describe('refuses', () => {
  it.each<[string, Partial<GenerateRequest>]>([
    ['max-tokens', { maxTokens: 0 }],
    ['max-tokens', { maxTokens: 1.5 }],
    ['max-tokens', { maxTokens: Number.NaN }],
    ['temperature', { temperature: -1 }],
    ['temperature', { temperature: Number.POSITIVE_INFINITY }],
    ['seed', { seed: 0.5 }],
    ['top-p', { topP: 1.1 }],
    ['top-p', { topP: Number.NaN }],
    ['grammar-and-schema', { grammar: 'root ::= "a"', jsonSchema: {} }],
  ])('%s: %o', (reason, change) => {
    expect(chatBody({ ...REQUEST, ...change }, 'Alder')).toEqual({
      ok: false,
      error: { code: 'request-unsupported', details: { model: 'Alder', reason } },
    });
  });
});
