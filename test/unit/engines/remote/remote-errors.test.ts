import { describe, expect, it } from 'vitest';
import {
  failureOfEvent,
  failureOfStatus,
  failureOfThrown,
} from '../../../../src/engines/remote/remote-errors.ts';

const ABOUT = { model: 'tiny', endpoint: 'Attic' };

/** Bodies as the servers write them: their sources, and issue threads that quote what came over the wire (2024–2026). */
const REAL: readonly [server: string, status: number, body: unknown, code: string, reason?: string][] = [
  // llama.cpp, tools/server: server-common.cpp, server-http.cpp, server-context.cpp; issue 17968 (router mode)
  [
    'llama.cpp: context',
    400,
    {
      error: {
        code: 400,
        message: 'request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it',
        type: 'exceed_context_size_error',
        n_prompt_tokens: 9412,
        n_ctx: 8192,
      },
    },
    'context-exceeded',
  ],
  [
    'llama.cpp: context, in the middle of an answer',
    500,
    { error: { code: 500, message: 'Context size has been exceeded.', type: 'server_error' } },
    'context-exceeded',
  ],
  [
    'llama.cpp: key',
    401,
    { error: { message: 'Invalid API Key', type: 'authentication_error', code: 401 } },
    'remote-refused',
    'key',
  ],
  [
    'llama.cpp: loading',
    503,
    { error: { message: 'Loading model', type: 'unavailable_error', code: 503 } },
    'remote-busy',
    'loading',
  ],
  [
    'llama.cpp: model (router)',
    400,
    { error: { code: 400, message: 'model not found', type: 'invalid_request_error' } },
    'remote-refused',
    'model',
  ],
  [
    'llama.cpp: address',
    404,
    { error: { message: 'File Not Found', type: 'not_found_error', code: 404 } },
    'remote-refused',
    'address',
  ],
  [
    'llama.cpp: compute',
    500,
    { error: { code: 500, message: 'Compute error.', type: 'server_error' } },
    'remote-failed',
    'server',
  ],
  // vLLM: entrypoints/openai/models/serving.py, entrypoints/serve/utils/{server_utils,error_response}.py
  [
    'vLLM: model',
    404,
    {
      error: {
        message: 'The model `tiny` does not exist.',
        type: 'NotFoundError',
        param: 'model',
        code: 404,
      },
    },
    'remote-refused',
    'model',
  ],
  ['vLLM: key', 401, { error: 'Unauthorized' }, 'remote-refused', 'key'],
  [
    'vLLM: context',
    400,
    {
      error: {
        message:
          "This model's maximum context length is 16384 tokens. However, you requested 8192 output tokens and your prompt contains at least 8193 input tokens, for a total of at least 16385 tokens. (parameter=input_tokens, value=8193)",
        type: 'BadRequestError',
        param: 'input_tokens',
        code: 400,
      },
    },
    'context-exceeded',
  ],
  [
    'vLLM: max_tokens',
    400,
    {
      error: {
        message:
          "'max_tokens' or 'max_completion_tokens' is too large: 8000. This model's maximum context length is 4096 tokens and your request has 2778 input tokens (8000 > 4096 - 2778). None",
        type: 'BadRequestError',
        param: null,
        code: 400,
      },
    },
    'context-exceeded',
  ],
  [
    'vLLM before 0.10: context',
    400,
    {
      object: 'error',
      message:
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 in the messages, 100 in the completion). Please reduce the length of the messages or completion.",
      type: 'BadRequestError',
      param: null,
      code: 400,
    },
    'context-exceeded',
  ],
  [
    'vLLM: engine dead',
    500,
    {
      error: {
        message: 'EngineCore encountered an issue. See stack trace (above) for the root cause.',
        type: 'InternalServerError',
        param: null,
        code: 500,
      },
    },
    'remote-failed',
    'server',
  ],
  // SGLang: serving_base.py, TokenizerManager, add_api_key_middleware
  [
    'SGLang: context',
    400,
    {
      object: 'error',
      message: "The input (10009 tokens) is longer than the model's context length (8192 tokens).",
      type: 'BadRequestError',
      param: null,
      code: 400,
    },
    'context-exceeded',
  ],
  [
    'SGLang: context with the answer',
    400,
    {
      object: 'error',
      message:
        "Requested token count exceeds the model's maximum context length of 64000 tokens. You requested a total of 71897 tokens: 7897 tokens from the input messages and 64000 tokens for the completion.",
      type: 'BadRequestError',
      param: null,
      code: 400,
    },
    'context-exceeded',
  ],
  ['SGLang: key', 401, { error: 'Unauthorized' }, 'remote-refused', 'key'],
  [
    'SGLang: overloaded',
    503,
    { object: 'error', message: 'The request queue is full.', type: 'SERVICE_UNAVAILABLE', code: 503 },
    'remote-busy',
    'overloaded',
  ],
  // Ollama: openai/openai.go, server/{routes,sched}.go, llm/llama_server.go
  [
    'Ollama: model',
    404,
    {
      error: {
        message: 'model "tiny" not found, try pulling it first',
        type: 'not_found_error',
        param: null,
        code: null,
      },
    },
    'remote-refused',
    'model',
  ],
  [
    'Ollama: overloaded',
    503,
    {
      error: {
        message: 'server busy, please try again.  maximum pending requests exceeded',
        type: 'api_error',
        param: null,
        code: null,
      },
    },
    'remote-busy',
    'overloaded',
  ],
  [
    'Ollama: context',
    400,
    {
      error: {
        message:
          'the prompt is longer than the context length currently available to the model; shorten the prompt, adjust the context length in settings, or use a model with a longer context length',
        type: 'invalid_request_error',
        param: null,
        code: null,
      },
    },
    'context-exceeded',
  ],
  [
    'Ollama: what its llama-server said, wrapped',
    500,
    {
      error:
        '{"error":{"code":400,"message":"request (40000 tokens) exceeds the available context size (32768 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":40000,"n_ctx":32768}}',
    },
    'context-exceeded',
  ],
  // LM Studio: its bug tracker (237, 546, 2256), Orpheus-TTS 229, Orpheus-FastAPI 96
  [
    'LM Studio: model',
    404,
    {
      error: {
        message: 'No models loaded. Please load a model in the developer page or use the `lms load` command.',
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
      },
    },
    'remote-refused',
    'model',
  ],
  [
    'LM Studio: context',
    400,
    {
      error:
        'Trying to keep the first 14538 tokens when context the overflows. However, the model is loaded with context length of only 2048 tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input',
    },
    'context-exceeded',
  ],
  [
    'LM Studio: key',
    401,
    { error: { message: 'Invalid API token', type: 'invalid_request_error', code: 'invalid_api_key' } },
    'remote-refused',
    'key',
  ],
  // In front of them: FastAPI, nginx, gateways
  [
    'FastAPI: validation',
    422,
    { detail: [{ loc: ['body', 'seed'], msg: 'bad' }] },
    'remote-refused',
    'request',
  ],
  ['FastAPI: no such route', 404, { detail: 'Not Found' }, 'remote-refused', 'address'],
  ['a proxy', 502, '<html><title>502 Bad Gateway</title></html>', 'remote-failed', 'server'],
  ['a gateway', 429, { message: 'API rate limit exceeded' }, 'remote-busy', 'limit'],
  ['nothing at all', 500, '', 'remote-failed', 'server'],
];

it.each(REAL)('%s', (_server, status, body, code, reason) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const mapped = failureOfStatus(status, text, ABOUT, null);
  expect(mapped).toMatchObject({ code, details: { ...ABOUT, status } });
  if (reason !== undefined) expect(mapped.details['reason']).toBe(reason);
});

describe('inside a stream, where the status was 200', () => {
  it.each([
    [
      'LM Studio (issue 2322)',
      {
        error: {
          message:
            'Input does not fit in context length. The input has 31430 tokens, but the context length only supports 30000 tokens.',
        },
        message: 'Input does not fit in context length.',
      },
      'context-exceeded',
    ],
    [
      'vLLM',
      { error: { message: 'x', type: 'InternalServerError', param: null, code: 500 } },
      'remote-failed',
    ],
    [
      'SGLang',
      { error: { object: 'error', message: 'The request queue is full.', code: 503 } },
      'remote-busy',
    ],
    [
      'llama.cpp',
      { error: { code: 400, message: 'x', type: 'exceed_context_size_error' } },
      'context-exceeded',
    ],
    ['text', { error: 'Model is unloaded.' }, 'remote-failed'],
  ])('%s', (_server, event, code) => {
    expect(failureOfEvent(event, ABOUT)?.code).toBe(code);
  });

  it.each([null, 'text', 1, [], {}, { choices: [] }, { error: null }])('no error in %j', (event) => {
    expect(failureOfEvent(event, ABOUT)).toBeNull();
  });
});

it('tells a line that was cut from a server that was not reached', () => {
  const thrown = new TypeError('terminated');
  expect(failureOfThrown(thrown, ABOUT, true)).toMatchObject({
    code: 'remote-silent',
    details: { phase: 'cut' },
    cause: 'TypeError: terminated',
  });
  expect(failureOfThrown(thrown, ABOUT, false).code).toBe('remote-unreachable');
});

it('keeps the rest that a busy server asks for, and only that of a busy one', () => {
  expect(failureOfStatus(503, '', ABOUT, 4_000).details['retryAfterMs']).toBe(4_000);
  expect(failureOfStatus(400, '', ABOUT, 4_000).details).not.toHaveProperty('retryAfterMs');
});
