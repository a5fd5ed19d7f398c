import { CircuitBreaker } from '#kernel/circuit-breaker';
import type { Clock } from '#kernel/clock';
import type { WitanFailure } from '#contracts/errors';
import type { RemoteEndpoint, RemoteHealth, RemoteServer, RemoteState } from '#contracts/remote';
import { isServerFault } from './fault-policy.ts';
import { LatencyEstimate } from './latency-estimate.ts';

/** One request on its way to a server. After `alive` one of the others follows; the first of them counts. */
export interface Visit {
  /** The first token is there. @param latencyMs since the request was sent */
  alive(latencyMs: number): void;
  /** A health check was answered: that says nothing of how soon a first token comes. */
  healthy(latencyMs: number): void;
  succeeded(): void;
  failed(problem: WitanFailure): void;
  /** Stopped by us: nothing was learned of the server. */
  abandoned(): void;
}

/** What is known of one server, shared by every member that uses it. */
export class EndpointState {
  readonly endpoint: RemoteEndpoint;
  readonly breaker: CircuitBreaker;
  readonly #clock: Clock;
  readonly #latency = new LatencyEstimate();
  #state: RemoteState = 'unknown';
  #checkedAt: number | null = null;
  #lastLatencyMs: number | null = null;
  #inFlight = 0;
  #restUntilMs = 0;
  #detected: RemoteServer = 'other';

  constructor(endpoint: RemoteEndpoint, clock: Clock) {
    this.endpoint = endpoint;
    this.breaker = new CircuitBreaker(clock);
    this.#clock = clock;
  }

  /** Which server it is: as the user said, or as its model list shows. */
  get server(): RemoteServer {
    return this.endpoint.server === 'auto' ? this.#detected : this.endpoint.server;
  }

  detected(server: RemoteServer): void {
    this.#detected = server;
  }

  /** Milliseconds until the server wants to hear of us again, by its breaker or its own word; 0: now. */
  get restsForMs(): number {
    return Math.max(this.breaker.closedForMs, this.#restUntilMs - this.#clock.nowMs(), 0);
  }

  /** True when a request may be sent now. */
  get admits(): boolean {
    return this.breaker.admits && this.restsForMs === 0;
  }

  /** Expected milliseconds to the first token with what is under way already (peak EWMA's cost: latency × load). */
  get cost(): number {
    return this.#latency.expectedMs(this.#clock.nowMs()) * (this.#inFlight + 1);
  }

  /** True when the last thing heard of it was a fault. */
  get suspect(): boolean {
    return this.breaker.consecutiveFaults > 0;
  }

  enter(): Visit {
    const passage = this.breaker.enter();
    this.#inFlight += 1;
    let over = false;
    const once = (tell: () => void): void => {
      if (over) return;
      over = true;
      this.#inFlight -= 1;
      tell();
    };
    return {
      alive: (latencyMs) => {
        passage.alive();
        this.#latency.add(latencyMs, this.#clock.nowMs());
        this.#lastLatencyMs = latencyMs;
        this.#heard('ok');
      },
      healthy: (latencyMs) => {
        once(passage.succeeded);
        this.#lastLatencyMs = latencyMs;
        this.#heard('ok');
      },
      succeeded: () => {
        once(passage.succeeded);
      },
      failed: (problem) => {
        once(() => {
          if (isServerFault(problem)) passage.failed();
          else passage.abandoned();
          this.#restAfter(problem);
          this.#heard(stateOf(problem));
        });
      },
      abandoned: () => {
        once(passage.abandoned);
      },
    };
  }

  health(): RemoteHealth {
    return {
      endpointId: this.endpoint.id,
      state: this.#state,
      lastLatencyMs: this.#lastLatencyMs,
      breaker: this.breaker.state,
      inFlight: this.#inFlight,
      checkedAt: this.#checkedAt,
    };
  }

  #heard(state: RemoteState): void {
    this.#state = state;
    this.#checkedAt = this.#clock.epochMs();
  }

  #restAfter(problem: WitanFailure): void {
    const restMs = problem.details['retryAfterMs'];
    if (typeof restMs === 'number') this.#restUntilMs = this.#clock.nowMs() + restMs;
  }
}

function stateOf(problem: WitanFailure): RemoteState {
  switch (problem.code) {
    case 'remote-busy':
      return 'busy';
    case 'remote-refused':
      return 'refused';
    case 'remote-unreachable':
      return 'unreachable';
    case 'remote-silent':
      return 'silent';
    case 'context-exceeded':
    case 'request-unsupported':
      return 'ok'; // it answered; the request was at fault
    default:
      return 'failed';
  }
}
