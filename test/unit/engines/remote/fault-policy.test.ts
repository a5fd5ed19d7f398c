import { describe, expect, it } from 'vitest';
import { failure, type ErrorCode } from '#contracts/errors';
import {
  isOfServer,
  isPassing,
  isServerFault,
  mostTelling,
} from '../../../../src/engines/remote/fault-policy.ts';

const problem = (code: ErrorCode, details = {}) => failure(code, details);

describe('what is worth another try', () => {
  it.each([
    // code, details, the same server again, another server, counts for the breaker
    ['remote-unreachable', {}, true, true, true],
    ['remote-busy', { status: 429 }, true, true, false],
    ['remote-busy', { status: 503 }, true, true, true],
    ['remote-failed', { status: 500 }, true, true, true],
    ['remote-failed', { status: 502 }, true, true, true],
    ['remote-failed', { status: 504 }, true, true, true],
    ['remote-failed', { status: 501 }, false, true, true],
    ['remote-failed', { reason: 'not-json' }, false, true, true],
    ['remote-silent', { phase: 'first-token' }, false, true, true],
    ['remote-refused', { status: 401, reason: 'key' }, false, true, false],
    ['remote-refused', { status: 404, reason: 'model' }, false, true, false],
    ['remote-refused', { status: 400, reason: 'request' }, false, false, false],
    ['context-exceeded', { status: 400 }, false, false, false],
    ['request-unsupported', {}, false, false, false],
    ['cancelled', {}, false, false, false],
    ['internal', {}, false, false, false],
  ] as const)('%s %j', (code, details, again, elsewhere, fault) => {
    expect(isPassing(problem(code, details))).toBe(again);
    expect(isOfServer(problem(code, details))).toBe(elsewhere);
    expect(isServerFault(problem(code, details))).toBe(fault);
  });
});

it('tells the user what he can change, rather than what one server of several did', () => {
  const all = [
    'remote-unreachable',
    'remote-refused',
    'remote-silent',
    'remote-busy',
    'remote-failed',
  ] as const;
  expect(mostTelling(all.map((code) => problem(code)))?.code).toBe('remote-refused');
  expect(
    mostTelling([problem('remote-unreachable', { n: 1 }), problem('remote-unreachable', { n: 2 })]),
  ).toEqual(problem('remote-unreachable', { n: 1 }));
  expect(mostTelling([])).toBeNull();
});
