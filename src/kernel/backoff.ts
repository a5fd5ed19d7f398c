import type { Random } from './random.ts';

export interface BackoffPolicy {
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

/**
 * Exponential back-off with full jitter, `random × min(longest, first × 2^retry)` (M. Brooker, "Exponential Backoff And
 * Jitter", AWS 2015): clients that failed together do not come back together.
 * @param retry 0 for the first wait
 */
export function backoffMs(policy: BackoffPolicy, retry: number, random: Random): number {
  return random() * Math.min(policy.longestWaitMs, policy.firstWaitMs * 2 ** retry);
}
