import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { RemoteEndpoint, RemoteHealth, RemoteMember, RemoteModel } from '#contracts/remote';
import { EndpointState } from './endpoint-state.ts';
import { REMOTE_TIMES, RemoteEngine, type RemoteServices } from './remote-engine.ts';
import { checkServer } from './server-check.ts';

export interface CheckedServer {
  readonly health: RemoteHealth;
  /** Null when the server is well but has no model list. */
  readonly models: readonly RemoteModel[] | null;
}

/**
 * The servers that the user entered. Members of one directory that use one server share what is known of it: its breaker,
 * its speed and the rest that it asked for. (Members in workers of their own have a directory each.)
 */
export class RemoteDirectory {
  readonly #services: RemoteServices;
  #states: ReadonlyMap<string, EndpointState> = new Map();

  constructor(services: RemoteServices) {
    this.#services = services;
  }

  /**
   * Replaces the list. Servers that did not change keep what is known of them; the key of one that is gone is
   * forgotten. Engines made before keep the servers they were made with.
   */
  configure(endpoints: readonly RemoteEndpoint[]): void {
    const { clock, keys } = this.#services;
    const next = new Map<string, EndpointState>();
    for (const endpoint of endpoints) {
      const known = this.#states.get(endpoint.id);
      const same = JSON.stringify(known?.endpoint) === JSON.stringify(endpoint);
      next.set(endpoint.id, known !== undefined && same ? known : new EndpointState(endpoint, clock));
    }
    for (const id of this.#states.keys()) if (!next.has(id)) keys.delete(id);
    this.#states = next;
  }

  health(): readonly RemoteHealth[] {
    return [...this.#states.values()].map((state) => state.health());
  }

  /** Health check at the user's wish, through an open breaker too. Errors: remote-*, cancelled, record-invalid. */
  async check(signal: AbortSignal, endpointId: string): Promise<Outcome<CheckedServer>> {
    const state = this.#states.get(endpointId);
    if (state === undefined) return err(unknownServer(endpointId));
    const limitMs = (this.#services.times ?? REMOTE_TIMES).healthMs;
    const label = state.endpoint.label; // no model is meant: the server's name stands for it in the message
    const checked = await checkServer(signal, state, this.#services, label, limitMs);
    return checked.ok ? ok({ health: state.health(), models: checked.value?.models ?? null }) : checked;
  }

  /** An engine for one member. Errors: record-invalid (a server that is not in the list). */
  engineFor(member: RemoteMember): Outcome<RemoteEngine> {
    const states: EndpointState[] = [];
    for (const id of member.endpointIds) {
      const state = this.#states.get(id);
      if (state === undefined) return err(unknownServer(id));
      states.push(state);
    }
    return ok(new RemoteEngine(states, this.#services));
  }
}

function unknownServer(endpointId: string): ReturnType<typeof failure> {
  return failure('record-invalid', { path: 'endpointIds', problem: `no server ${endpointId}` });
}
