import { expect, it } from 'vitest';
import { failureOfEvent, failureOfStatus } from '../../../../src/engines/remote/remote-errors.ts';

/*
 * What a llama.cpp server really said: `llama-server` of ggml 0.21.0, November 2026, with a bundled model (a context of 256
 * tokens); bodies as they came over the wire.
 */
const ABOUT = { model: 'cedar', endpoint: 'Attic' };

const STATUSES: readonly [when: string, status: number, body: string, code: string, reason?: string][] = [
  [
    'the question is longer than the context',
    400,
    '{"error":{"code":400,"message":"request (602 tokens) exceeds the available context size (256 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":602,"n_ctx":256}}',
    'context-exceeded',
  ],
  [
    'it is still loading',
    503,
    '{"error":{"message":"Loading model","type":"unavailable_error","code":503}}',
    'remote-busy',
    'loading',
  ],
  [
    'the key is wrong or missing',
    401,
    '{"error":{"message":"Invalid API Key","type":"authentication_error","code":401}}',
    'remote-refused',
    'key',
  ],
  [
    'the grammar cannot be read',
    400,
    '{"error":{"code":400,"message":"Failed to initialize samplers: failed to parse grammar","type":"invalid_request_error"}}',
    'remote-refused',
    'request',
  ],
  [
    'the JSON schema cannot be read',
    400,
    '{"error":{"code":400,"message":"Unable to generate parser for this template. Automatic parser generation failed: JSON schema conversion failed:\\nUnrecognized schema: {\\"type\\":\\"nonsense\\"}","type":"invalid_request_error"}}',
    'remote-refused',
    'request',
  ],
  [
    'a field has the wrong type',
    400,
    '{"error":{"code":400,"message":"Field \'max_tokens\': [json.exception.type_error.302] type must be number, but is string","type":"invalid_request_error"}}',
    'remote-refused',
    'request',
  ],
  [
    'there are no messages',
    400,
    '{"error":{"code":400,"message":"\'messages\' is required","type":"invalid_request_error"}}',
    'remote-refused',
    'request',
  ],
  [
    'the body was cut',
    500,
    '{"error":{"code":500,"message":"[json.exception.parse_error.101] parse error at line 1, column 13: syntax error while parsing value - unexpected end of input; expected \'[\', \'{\', or a literal","type":"server_error"}}',
    'remote-failed',
    'server',
  ],
  [
    'there is nothing at this address',
    404,
    '{"error":{"message":"File Not Found","type":"not_found_error","code":404}}',
    'remote-refused',
    'address',
  ],
];

it.each(STATUSES)('when %s', (_when, status, body, code, reason) => {
  const mapped = failureOfStatus(status, body, ABOUT, null);
  expect(mapped).toMatchObject({ code, details: { ...ABOUT, status } });
  expect(mapped.details['reason']).toBe(reason);
});

it('in the stream, when several answers together outgrow a shared context (--kv-unified)', () => {
  const event = '{"error":{"code":500,"message":"Context size has been exceeded.","type":"server_error"}}';
  expect(failureOfEvent(JSON.parse(event), ABOUT)).toMatchObject({
    code: 'context-exceeded',
    cause: 'Context size has been exceeded.',
  });
});
