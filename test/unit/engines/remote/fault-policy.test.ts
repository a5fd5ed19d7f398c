import { describe, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import { failure, type ErrorCode } from '#contracts/errors';
import {
  backoffMs,
  isOfServer,
  isPassing,
  isServerFault,
  mostTelling,
  RETRY_POLICY,
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

describe('back-off', () => {
  it('doubles its ceiling up to the longest wait', () => {
    expect([0, 1, 2, 3, 4, 9].map((retry) => backoffMs(RETRY_POLICY, retry, () => 1))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 8_000,
    ]);
  });

  it('is spread over the whole span, so that clients do not come back together', () => {
    const random = seededRandom(7);
    const waits = Array.from({ length: 2_000 }, () => backoffMs(RETRY_POLICY, 2, random));
    expect(Math.min(...waits)).toBeLessThan(20);
    expect(Math.max(...waits)).toBeGreaterThan(1_980);
    expect(waits.reduce((sum, wait) => sum + wait, 0) / waits.length).toBeCloseTo(1_000, -2);
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
