import type { BackoffPolicy } from '#kernel/backoff';
import type { WitanFailure } from '#contracts/errors';

/** Statuses after which the same request may succeed a moment later (RFC 9110 §15.6, RFC 6585 §4). */
const PASSING_STATUSES: readonly unknown[] = [429, 500, 502, 503, 504];

export interface RetryPolicy extends BackoffPolicy {
  /** Rounds over all servers after the first. */
  readonly retries: number;
  /** A server that wants more rest than this (`Retry-After`) is not waited for: the other members have answered by then. */
  readonly longestRestMs: number;
}

export const RETRY_POLICY: RetryPolicy = {
  retries: 3,
  firstWaitMs: 500,
  longestWaitMs: 8_000,
  longestRestMs: 20_000,
};

/** Worth sending again to the same server. Only ever asked before the first token. */
export function isPassing(problem: WitanFailure): boolean {
  if (problem.code === 'remote-unreachable') return true;
  const status = problem.details['status'];
  return (
    (problem.code === 'remote-busy' || problem.code === 'remote-failed') && PASSING_STATUSES.includes(status)
  );
}

/**
 * Worth sending to another server of the same model: whatever lies in the server (down, overloaded, silent, a wrong
 * key, a missing model), but not what lies in the request, which fails everywhere.
 */
export function isOfServer(problem: WitanFailure): boolean {
  switch (problem.code) {
    case 'remote-unreachable':
    case 'remote-busy':
    case 'remote-failed':
    case 'remote-silent':
      return true;
    case 'remote-refused':
      return problem.details['reason'] !== 'request';
    default:
      return false;
  }
}

/** Counts for the circuit breaker. A refusal is a healthy answer, and so is 429, which says by itself when to return. */
export function isServerFault(problem: WitanFailure): boolean {
  return isOfServer(problem) && problem.code !== 'remote-refused' && problem.details['status'] !== 429;
}

/** From least to most telling: what the user should hear of when several servers failed in different ways. */
const TELLING = ['remote-unreachable', 'remote-silent', 'remote-failed', 'remote-busy', 'remote-refused'];

/** @returns null when there is none */
export function mostTelling(problems: readonly WitanFailure[]): WitanFailure | null {
  return problems.reduce<WitanFailure | null>(
    (best, next) => (best === null || TELLING.indexOf(next.code) > TELLING.indexOf(best.code) ? next : best),
    null,
  );
}
