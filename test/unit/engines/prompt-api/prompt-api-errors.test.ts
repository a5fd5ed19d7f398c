import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '#contracts/errors';
import { whatHappened } from '#contracts/error-messages';
import { promptApiFailure } from '../../../../src/engines/prompt-api/prompt-api-errors.ts';
import { QuotaExceeded } from '../../../fakes/prompt-api.ts';

/** Names and texts as Chromium's `modules/ai/exception_helpers.cc` and the specification have them. */
const CREATE: readonly (readonly [name: string, text: string, code: ErrorCode])[] = [
  [
    'NotAllowedError',
    'Requires a user gesture when availability is "downloading" or "downloadable".',
    'consent-required',
  ],
  ['NotAllowedError', 'Access denied because the Permission Policy is not enabled.', 'consent-required'],
  ['NotSupportedError', 'The specified languages are not supported.', 'engine-unavailable'],
  ['NetworkError', '', 'model-fetch-failed'],
  [
    'InvalidStateError',
    'The device is unable to create a session to run the model. Please check the result of availability() first.',
    'model-load-failed',
  ],
  ['InvalidStateError', 'The document is not active.', 'model-load-failed'],
  ['OperationError', 'Model execution service is not available.', 'model-load-failed'],
  ['UnknownError', 'Other generic failures occurred.', 'model-load-failed'],
  ['QuotaExceededError', 'The input is too large.', 'context-exceeded'],
];
const PROMPT: readonly (readonly [name: string, text: string, code: ErrorCode])[] = [
  ['InvalidStateError', 'The model execution session has been destroyed.', 'worker-lost'],
  ['InvalidStateError', 'The session cannot be cloned.', 'worker-lost'],
  [
    'NotAllowedError',
    'A user permission error occurred, such as not signed-in or not allowed to execute model.',
    'request-unsupported',
  ],
  ['NotReadableError', 'The execution yielded an unsafe response.', 'request-unsupported'],
  [
    'NotSupportedError',
    'The model attempted to output text in an untested language, and was prevented from doing so.',
    'request-unsupported',
  ],
  [
    'NotSupportedError',
    'Response json schema is invalid - it should be an object that can be stringified into a JSON string.',
    'request-unsupported',
  ],
  ['SyntaxError', '', 'request-unsupported'],
  ['AbortError', 'The response was disabled.', 'engine-failed'],
  ['UnknownError', 'An unknown error occurred: kErrorUnknown', 'engine-failed'],
  ['QuotaExceededError', 'The input is too large.', 'context-exceeded'],
];

describe.each([['create', CREATE] as const, ['prompt', PROMPT] as const])(
  'while it must %s',
  (phase, table) => {
    it.each(table)('%s “%s” is %s', (name, text, code) => {
      const problem = promptApiFailure(new DOMException(text, name), phase, 'Nano');
      expect(problem.code).toBe(code);
      expect(problem.cause).toBe(`${name}: ${text}`);
      expect(whatHappened(problem)).not.toContain('{');
    });
  },
);

it('the figures of a question that is too long are kept, where the browser gives them', () => {
  const details = (error: unknown) => promptApiFailure(error, 'prompt', 'Nano').details;
  expect(details(new QuotaExceeded(300, 200))).toEqual({ model: 'Nano', needed: 300, available: 200 });
  expect(details(new DOMException('', 'QuotaExceededError'))).toEqual({ model: 'Nano' });
});

it('what is no error at all is still one of ours', () => {
  for (const thrown of [undefined, null, 'words', { name: 'NotAllowedError' }]) {
    expect(promptApiFailure(thrown, 'create', 'Nano').code).toBe('model-load-failed');
    expect(promptApiFailure(thrown, 'prompt', 'Nano').code).toBe('engine-failed');
  }
});
