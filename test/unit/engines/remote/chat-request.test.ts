import { expect, it } from 'vitest';
import type { GenerateRequest } from '#contracts/engine';
import type { RemoteServer } from '#contracts/remote';
import { chatBody } from '../../../../src/engines/remote/chat-request.ts';

const ABOUT = { model: 'Far', endpoint: 'Attic' };
const PLAIN: GenerateRequest = { prompt: 'Yes or no?', maxTokens: 4, temperature: 0.5, seed: 3 };
const GBNF = 'root ::= "yes" | "no"';

function bodyFor(server: RemoteServer, more: Partial<GenerateRequest>): object {
  const built = chatBody({ ...PLAIN, ...more }, 'tiny', ABOUT, server);
  if (!built.ok) throw new Error(built.error.code);
  return built.value;
}

/** What the request has beyond the plain one. */
function extras(server: RemoteServer, more: Partial<GenerateRequest>): object {
  const plain = Object.keys(bodyFor(server, {}));
  return Object.fromEntries(Object.entries(bodyFor(server, more)).filter(([name]) => !plain.includes(name)));
}

it('sends nothing that was not asked for', () => {
  expect(bodyFor('other', {})).toEqual({
    model: 'tiny',
    messages: [{ role: 'user', content: 'Yes or no?' }],
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 4,
    temperature: 0.5,
    seed: 3,
  });
});

it.each([
  ['llama.cpp', { grammar: GBNF }],
  ['vllm', { structured_outputs: { grammar: GBNF } }],
  ['sglang', { ebnf: GBNF }],
  ['ollama', {}],
  ['lm-studio', {}],
  ['other', {}],
  ['auto', {}],
] as const)('%s gets a grammar in the way it understands, or none', (server, expected) => {
  expect(extras(server, { grammar: GBNF })).toEqual(expected);
});

it.each(['llama.cpp', 'vllm', 'sglang', 'ollama', 'lm-studio', 'other'] as const)(
  '%s gets a JSON schema as OpenAI has it',
  (server) => {
    const schema = { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'] };
    expect(extras(server, { jsonSchema: schema })).toEqual({
      response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
    });
  },
);

it('asks for the chosen token alone where a server would send twenty', () => {
  expect(extras('llama.cpp', { logprobs: true })).toEqual({ logprobs: true, top_logprobs: 1 });
  expect(extras('vllm', { logprobs: true })).toEqual({ logprobs: true });
});

it('keeps the extras of benchmarks for servers that know them', () => {
  const bench = { ignoreEos: true, cachePrompt: false };
  expect(extras('llama.cpp', bench)).toEqual({ ignore_eos: true, cache_prompt: false });
  expect(extras('vllm', bench)).toEqual({ ignore_eos: true });
  expect(extras('ollama', bench)).toEqual({});
});

it('cannot ask for a grammar and a schema at once', () => {
  expect(chatBody({ ...PLAIN, grammar: GBNF, jsonSchema: {} }, 'tiny', ABOUT, 'vllm')).toMatchObject({
    ok: false,
    error: { code: 'request-unsupported', details: { model: 'Far' } },
  });
});
