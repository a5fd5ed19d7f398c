import type { EndpointState } from './endpoint-state.ts';
import { SessionAffinity } from './session-affinity.ts';

/**
 * The servers of one member. A conversation stays where it was, for the prompt cache there, while that server is well;
 * otherwise the request goes where its first token is expected soonest, servers that failed last time coming last and
 * the user's order deciding between equals.
 */
export class EndpointPool {
  readonly states: readonly EndpointState[];
  readonly #affinity = new SessionAffinity();

  /** @param states in the order of the user's preference */
  constructor(states: readonly EndpointState[]) {
    this.states = states;
  }

  /** The server for the next request; null when none of those left admits one. */
  choose(conversation: string, except: ReadonlySet<EndpointState>): EndpointState | null {
    const open = this.states.filter((state) => state.admits && !except.has(state));
    const boundId = this.#affinity.endpointOf(conversation);
    const bound = open.find((state) => state.endpoint.id === boundId && !state.suspect);
    if (bound !== undefined) return bound;
    return open.reduce<EndpointState | null>(
      (best, next) => (best === null || isBetter(next, best) ? next : best),
      null,
    );
  }

  /** The conversation was answered there. */
  bind(conversation: string, state: EndpointState): void {
    this.#affinity.bind(conversation, state.endpoint.id);
  }

  /**
   * Milliseconds until one of those left can be asked again; null when none can, because its breaker is open: a server
   * that is down is not waited for.
   */
  restMs(except: ReadonlySet<EndpointState>): number | null {
    const rests = this.states
      .filter((state) => !except.has(state) && state.breaker.state !== 'open')
      .map((state) => state.restsForMs);
    return rests.length === 0 ? null : Math.min(...rests);
  }
}

function isBetter(a: EndpointState, b: EndpointState): boolean {
  return a.suspect === b.suspect ? a.cost < b.cost : !a.suspect;
}
