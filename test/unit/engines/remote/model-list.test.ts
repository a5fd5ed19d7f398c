import { describe, expect, it } from 'vitest';
import { findModel, parseModelList } from '../../../../src/engines/remote/model-list.ts';

/** As the servers write it: llama.cpp server-context.cpp, vLLM and SGLang ModelCard, Ollama ToListCompletion, LM Studio. */
const LISTS = {
  'llama.cpp': {
    models: [{ name: 'tiny.gguf', model: 'tiny.gguf' }],
    object: 'list',
    data: [
      {
        id: 'tiny.gguf',
        aliases: ['tiny'],
        object: 'model',
        created: 1,
        owned_by: 'llamacpp',
        meta: {
          vocab_type: 2,
          n_vocab: 1006,
          n_ctx_train: 256,
          n_embd: 128,
          n_params: 900_000,
          size: 895_392,
        },
      },
    ],
  },
  vllm: { object: 'list', data: [{ id: 'org/tiny', owned_by: 'vllm', root: '/x', max_model_len: 4096 }] },
  sglang: { object: 'list', data: [{ id: 'org/tiny', owned_by: 'sglang', max_model_len: 8192 }] },
  ollama: { object: 'list', data: [{ id: 'tiny:latest', object: 'model', owned_by: 'library' }] },
  'lm-studio': { data: [{ id: 'tiny', object: 'model', owned_by: 'organization_owner' }], object: 'list' },
  other: { data: [{ id: 'tiny', owned_by: 'openai' }] },
};

it.each(Object.entries(LISTS))('knows %s by what it says of its models', (server, body) => {
  expect(parseModelList(body)?.server).toBe(server);
});

it('reads what the servers say of size', () => {
  expect(parseModelList(LISTS['llama.cpp'])?.models[0]).toEqual({
    id: 'tiny.gguf',
    aliases: ['tiny'],
    contextTokens: 256,
    vocabularySize: 1006,
  });
  expect(parseModelList(LISTS.vllm)?.models[0]).toMatchObject({ contextTokens: 4096, vocabularySize: null });
});

it('takes a server without models for what it is', () => {
  expect(parseModelList({ object: 'list', data: null })).toEqual({ server: 'other', models: [] });
});

it('is not put off by fields of another kind', () => {
  const odd = { data: [{ id: 'x', owned_by: 7, aliases: 'no', max_model_len: 'big', meta: [] }] };
  expect(parseModelList(odd)?.models).toEqual([
    { id: 'x', aliases: [], contextTokens: null, vocabularySize: null },
  ]);
});

it.each([undefined, null, 'text', {}, [], { data: 'x' }, { data: [{ name: 'x' }] }, { error: 'no' }])(
  'sees that %j is no list',
  (body) => {
    expect(parseModelList(body)).toBeNull();
  },
);

describe('finding a model', () => {
  const list = parseModelList({
    data: [{ id: 'llama3:latest' }, { id: 'b', aliases: ['bee'] }, { id: 'llama3:8b' }],
  });
  it.each([
    ['llama3:8b', 'llama3:8b'],
    ['llama3', 'llama3:latest'],
    ['bee', 'b'],
    ['Llama3', null],
    ['', null],
  ])('%j is %j', (asked, found) => {
    expect(list === null ? null : (findModel(list, asked)?.id ?? null)).toBe(found);
  });
});
