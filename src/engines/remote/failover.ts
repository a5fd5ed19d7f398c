import { backoffMs } from '#kernel/backoff';
import type { Clock } from '#kernel/clock';
import { pause } from '#kernel/pause';
import type { Random } from '#kernel/random';
import { err } from '#kernel/result';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { EndpointPool } from './endpoint-pool.ts';
import type { EndpointState } from './endpoint-state.ts';
import { isOfServer, isPassing, mostTelling, type RetryPolicy } from './fault-policy.ts';

/** How one request to one server ended. */
export interface Attempt<T> {
  readonly outcome: Outcome<T>;
  /** True when tokens had come: what follows could only repeat them, so the request is not sent again. */
  readonly begun: boolean;
}

export interface Failover {
  readonly pool: EndpointPool;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly model: string;
}

/**
 * Asks one server after the other until one answers. What lies in a server sends the request to the next at once; when
 * none is left, those with a passing fault are asked again after a back-off, or after the rest that they asked for.
 *
 * Errors: those of `attempt`, the most telling one when servers failed in different ways; remote-unreachable and
 * remote-busy when none admits a request; cancelled.
 * @param attempt sends the request to one server, and tells its state how that went
 */
export async function askInTurn<T>(
  signal: AbortSignal,
  conversation: string,
  { pool, policy, clock, random, model }: Failover,
  attempt: (state: EndpointState) => Promise<Attempt<T>>,
): Promise<Outcome<T>> {
  const problems: WitanFailure[] = [];
  /** Not asked again in this round. */
  const asked = new Set<EndpointState>();
  /** Not asked again at all. */
  const ruledOut = new Set<EndpointState>();
  for (let retry = 0; ;) {
    if (signal.aborted) return err(failure('cancelled', { model }));
    const state = pool.choose(conversation, asked);
    if (state !== null) {
      const { outcome, begun } = await attempt(state);
      if (outcome.ok) pool.bind(conversation, state);
      if (outcome.ok || begun || !isOfServer(outcome.error)) return outcome;
      problems.push(outcome.error);
      asked.add(state);
      if (!isPassing(outcome.error)) ruledOut.add(state);
      continue;
    }
    const restMs = pool.restMs(ruledOut);
    if (retry >= policy.retries || restMs === null || restMs > policy.longestRestMs) {
      return err(mostTelling(problems) ?? noneAdmits(pool, model, restMs));
    }
    await pause(clock, signal, Math.max(backoffMs(policy, retry, random), restMs));
    retry += 1;
    asked.clear();
    for (const out of ruledOut) asked.add(out);
  }
}

/** No request was sent: every server is left alone, for its faults or at its own wish. */
function noneAdmits(pool: EndpointPool, model: string, restMs: number | null): WitanFailure {
  const endpoint = pool.states[0]?.endpoint.label ?? '';
  if (restMs !== null)
    return failure('remote-busy', { model, endpoint, reason: 'resting', retryAfterMs: restMs });
  const retryAfterMs = Math.min(...pool.states.map((state) => state.breaker.closedForMs));
  return failure('remote-unreachable', { model, endpoint, reason: 'breaker-open', retryAfterMs });
}
