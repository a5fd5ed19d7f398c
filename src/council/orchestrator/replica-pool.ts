import { failure, type WitanFailure } from '#contracts/errors';
import type { Compute, LeaseTerms } from '#contracts/leases';
import type { BalancingPolicy } from './balancing-policies.ts';
import type { Replica } from './replica.ts';
import type { Ticket } from './ticket.ts';

/** How much longer than a replica's own next request another has to have waited to go before it, ms. */
const HOME_WAIT_MS = 1_000;

/** What begins next, and where. */
export interface Assignment {
  readonly ticket: Ticket;
  readonly replica: Replica;
  /** It was to wait for another replica. */
  readonly stolen: boolean;
}

/**
 * The replicas of one model. Each request waits for the one that the policy chose for it (its home), all in the one queue.
 * A replica with room takes the most urgent of its own; without any it steals the most urgent that waits for a busy one
 * (work stealing, Blumofe and Leiserson 1999: an idle worker takes, a busy one does not give). What has waited a second
 * longer than a replica's own is taken before it, so that nothing starves at a replica that is stuck.
 */
export class ReplicaPool {
  readonly replicas: readonly Replica[];
  readonly #policy: BalancingPolicy;
  #usable: readonly Replica[];

  constructor(replicas: readonly Replica[], policy: BalancingPolicy) {
    this.replicas = replicas;
    this.#usable = replicas;
    this.#policy = policy;
  }

  /** So much memory was granted. */
  limit({ replicas, slots }: LeaseTerms): void {
    this.#usable = this.replicas.slice(0, Math.max(1, replicas));
    for (const replica of this.replicas) replica.slots = Math.max(1, Math.min(replica.spec.slots, slots));
  }

  /** Decides where it is to wait. */
  settleHome(ticket: Ticket): Replica | null {
    const home = this.#usable.find(({ id }) => id === ticket.home);
    if (home !== undefined && !home.isDown) return home;
    this.leaveHome(ticket);
    const [first, ...rest] = this.#usable.filter((each) => !each.isDown && !ticket.failedAt.has(each.id));
    if (first === undefined) return null;
    const chosenId = rest.length === 0 ? first.id : this.#policy.choose([first, ...rest], ticket).id;
    const chosen = [first, ...rest].find(({ id }) => id === chosenId) ?? first;
    ticket.home = chosen.id;
    chosen.homedTokens += ticket.costTokens;
    return chosen;
  }

  /** It waits no more. */
  leaveHome(ticket: Ticket): void {
    const home = this.replicas.find(({ id }) => id === ticket.home);
    if (home !== undefined) home.homedTokens -= ticket.costTokens;
    ticket.home = null;
  }

  /** @param waiting in the order of service. @returns null: nothing can begin now */
  next(waiting: readonly Ticket[]): Assignment | null {
    let free = this.#free(waiting);
    if (free.length === 0) return null;
    let own: Assignment | null = null;
    let foreign: Ticket | null = null;
    for (const ticket of waiting) {
      const home = this.settleHome(ticket);
      if (home === null) continue;
      if (free.includes(home)) {
        if (home.fits(ticket)) {
          own = { ticket, replica: home, stolen: false };
          break;
        }
        free = free.filter((each) => each !== home); // smaller ones would keep it out for ever
        continue;
      }
      if (foreign === null && free.some((each) => !ticket.failedAt.has(each.id) && each.fits(ticket)))
        foreign = ticket;
    }
    if (foreign === null || (own !== null && own.ticket.keyMs - foreign.keyMs <= HOME_WAIT_MS)) return own;
    const thief = free
      .filter((each) => !foreign.failedAt.has(each.id) && each.fits(foreign))
      .reduce<Replica | null>(
        (best, next) => (best === null || next.outstandingTokens < best.outstandingTokens ? next : best),
        null,
      );
    return thief === null ? own : { ticket: foreign, replica: thief, stolen: true };
  }

  began(replica: Replica, ticket: Ticket): void {
    if (this.replicas.length > 1) this.#policy.began?.(replica.id, ticket);
  }

  /** Why nobody will answer it; null where somebody may. */
  hopeless(ticket: Ticket): WitanFailure | null {
    const left = this.#usable.filter(({ id }) => !ticket.failedAt.has(id));
    if (left.some((replica) => !replica.isDown)) return null;
    const [refusal] = left.flatMap(({ turn }) => turn?.refusal ?? []);
    if (ticket.problem !== null || refusal !== undefined) return ticket.problem ?? refusal ?? null;
    const retryAfterMs = Math.min(...left.map(({ breaker }) => breaker.closedForMs));
    const reason = left.some(({ breaker }) => breaker.state === 'open') ? 'breaker-open' : 'stuck';
    return failure('engine-failed', { member: ticket.modelId, reason, retryAfterMs });
  }

  /** Whether one of them cannot be asked: else nothing is hopeless. */
  get anyDown(): boolean {
    return this.#usable.some(({ isDown }) => isDown);
  }

  /** Whether another replica may be asked. */
  hasOther(ticket: Ticket): boolean {
    return this.#usable.some((replica) => !replica.isDown && !ticket.failedAt.has(replica.id));
  }

  /** What one that has room still waits for its turn on; null: none does. */
  get waitsForTurnOn(): Compute | null {
    const waiting = this.#usable.find((replica) => replica.hasRoom && replica.turn?.open === false);
    return waiting?.spec.compute?.of ?? null;
  }

  /** Nothing waits: turns go back. */
  rest(): void {
    for (const { turn } of this.replicas) turn?.rest();
  }

  /** A turn is held by none that could not use it: its sibling may be waiting for that turn. */
  #free(waiting: readonly Ticket[]): readonly Replica[] {
    const roomy = this.#usable.filter(
      (replica) => replica.hasRoom && waiting.some(({ failedAt }) => !failedAt.has(replica.id)),
    );
    for (const replica of this.replicas) {
      if (!roomy.includes(replica)) replica.turn?.restIfIdle();
      else if (replica.turn?.open === false) replica.turn.want();
    }
    return roomy.filter(({ turn }) => turn === null || turn.open);
  }
}
