import { describe, expect, test } from 'vitest';
import { readChat } from '../../../../../tools/witan/serve/chat-request.ts';

const messages = [{ role: 'user', content: 'What is 38 + 47?' }];
const asked = (more: object): unknown => ({ model: 'witan-council', messages, ...more });

/** The field that a refusal is about and its code; null when it is read. */
function refusal(body: unknown): readonly [string | null, string] | null {
  const read = readChat(body);
  return read.ok ? null : [read.error.param, read.error.code];
}

test('the least that is a request', () => {
  expect(readChat(asked({}))).toEqual({
    ok: true,
    value: {
      model: 'witan-council',
      messages: [{ role: 'user', text: 'What is 38 + 47?' }],
      stream: false,
      includeUsage: false,
      maxTokens: null,
      temperature: null,
      topP: null,
      seed: null,
      stop: [],
      jsonSchema: null,
      grammar: null,
    },
  });
});

test('all that is read', () => {
  const schema = { type: 'object' };
  const body = {
    model: 'alder',
    messages: [
      {
        role: 'developer',
        content: [
          { type: 'text', text: 'Be ' },
          { type: 'text', text: 'brief.' },
        ],
      },
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Hi', refusal: null, annotations: [], tool_calls: [] },
      { role: 'user', content: 'Bye', name: null },
    ],
    stream: true,
    stream_options: { include_usage: true },
    max_completion_tokens: 9,
    max_tokens: 9,
    temperature: 0.5,
    top_p: 0.9,
    seed: -3,
    stop: ['\n', 'END'],
    response_format: { type: 'json_schema', json_schema: { name: 'a', strict: true, schema } },
  };
  expect(readChat(body)).toMatchObject({
    ok: true,
    value: {
      messages: [
        { role: 'system', text: 'Be brief.' },
        { role: 'user', text: 'Hello' },
        { role: 'assistant', text: 'Hi' },
        { role: 'user', text: 'Bye' },
      ],
      stream: true,
      includeUsage: true,
      maxTokens: 9,
      temperature: 0.5,
      topP: 0.9,
      seed: -3,
      stop: ['\n', 'END'],
      jsonSchema: schema,
    },
  });
  expect(readChat(asked({ stop: 'END' }))).toMatchObject({ value: { stop: ['END'] } });
});

test('what clients send of their own accord, and means nothing', () => {
  const neutral = {
    n: 1,
    logprobs: false,
    tools: [],
    tool_choice: 'auto',
    parallel_tool_calls: true,
    logit_bias: {},
    presence_penalty: 0,
    frequency_penalty: 0,
    modalities: ['text'],
    response_format: { type: 'text' },
    service_tier: 'auto',
    store: false,
    user: 'me',
    metadata: { a: 'b' },
    audio: null,
    max_tokens: null,
  };
  expect(refusal(asked(neutral))).toBeNull();
});

describe('what cannot be honoured is refused, and named', () => {
  test.each([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['top_logprobs', { top_logprobs: 3 }],
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }],
    ['tool_choice', { tool_choice: 'required' }],
    ['functions', { functions: [{ name: 'f' }] }],
    ['logit_bias', { logit_bias: { '50256': -100 } }],
    ['presence_penalty', { presence_penalty: 0.5 }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['audio', { audio: { voice: 'alloy', format: 'wav' } }],
    ['reasoning_effort', { reasoning_effort: 'high' }],
    ['store', { store: true }],
    ['top_k', { top_k: 40 }],
    ['constructor', { constructor: 1 }],
  ])('%s', (field, more) => {
    expect(refusal(asked(more))).toEqual([field, 'unsupported_parameter']);
  });

  test.each([
    ['messages.0.content', [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }]],
    ['messages.0.role', [{ role: 'tool', content: '4', tool_call_id: 'a' }]],
    ['messages.0.tool_calls', [{ role: 'assistant', content: '', tool_calls: [{ id: 'a' }] }]],
    ['messages.0.name', [{ role: 'user', content: 'a', name: 'Ada' }]],
    ['messages.0.weight', [{ role: 'user', content: 'a', weight: 1 }]],
    ['messages.0.content', [{ role: 'assistant', content: null }]],
    ['messages', []],
    ['messages', 'What is 38 + 47?'],
    ['messages', Array.from({ length: 257 }, () => ({ role: 'user', content: 'a' }))],
  ])('%s of a message', (field, messages) => {
    const refused = refusal({ model: 'witan-council', messages });
    expect(refused?.[0]).toMatch(new RegExp(`^${field}`));
    expect(refused?.[1]).toBe('invalid_value');
  });
});

test.each([
  ['model', { model: 7 }],
  ['stream', { stream: 'yes' }],
  ['max_tokens', { max_tokens: 0 }],
  ['max_tokens', { max_tokens: 1.5 }],
  ['max_tokens', { max_tokens: 4, max_completion_tokens: 5 }],
  ['temperature', { temperature: 3 }],
  ['temperature', { temperature: '0' }],
  ['top_p', { top_p: 1.1 }],
  ['seed', { seed: 0.5 }],
  ['stop', { stop: ['a', 'b', 'c', 'd', 'e'] }],
  ['stop', { stop: '' }],
  ['stream_options', { stream_options: { include_usage: true } }],
  ['stream_options.chunk_size', { stream: true, stream_options: { chunk_size: 1 } }],
  ['response_format.type', { response_format: { type: 'json_object' } }],
  [
    'grammar',
    {
      grammar: 'root ::= "a"',
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {} } },
    },
  ],
])('a wrong %s: %j', (field, more) => {
  const refused = refusal(asked(more));
  expect(refused?.[0]).toBe(field);
});

test.each([[null], [[]], ['text'], [7], [{}]])('%j is no request', (body) => {
  expect(readChat(body)).toMatchObject({ ok: false, error: { status: 400, type: 'invalid_request_error' } });
});
