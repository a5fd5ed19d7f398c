import { expect, it } from 'vitest';
import { failure, failureOf, WitanError } from '#contracts/errors';

it('a failure is plain data that survives the way between threads', () => {
  const problem = failure('worker-lost', { member: 'alder', missedPings: 6 }, new TypeError('gone'));
  expect(structuredClone(problem)).toEqual({
    code: 'worker-lost',
    details: { member: 'alder', missedPings: 6 },
    cause: 'TypeError: gone',
  });
  expect(failure('cancelled')).toEqual({ code: 'cancelled', details: {} });
  expect(failure('cancelled', {}, 'a text')).toHaveProperty('cause', 'a text');
  expect(failure('cancelled', {}, { type: 'load_error' })).toHaveProperty('cause', '{"type":"load_error"}');
  expect(failure('cancelled', {}, 5n)).toHaveProperty('cause', 'bigint');
  expect(failure('cancelled', {}, () => 5)).toHaveProperty('cause', 'function');
});

it('whatever was thrown has a failure behind it', () => {
  const problem = failure('model-invalid', { model: 'Alder' });
  expect(failureOf(new WitanError(problem))).toBe(problem);
  expect(failureOf(new DOMException('stopped', 'AbortError')).code).toBe('cancelled');
  expect(failureOf(new DOMException('full', 'QuotaExceededError'))).toMatchObject({
    code: 'internal',
    cause: 'QuotaExceededError: full',
  });
  for (const thrown of [undefined, null, 5, 'text', { code: 'worker-lost' }]) {
    expect(failureOf(thrown).code).toBe('internal');
  }
});
