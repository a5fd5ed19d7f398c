import type { Clock } from '#kernel/clock';
import type { Degradation, LeasePort, LeaseTerms } from '#contracts/leases';
import { leastOutstandingTokens } from './balancing-policies.ts';
import { ComputeTurn } from './compute-turn.ts';
import type { OrchestratedModel } from './orchestrated-model.ts';
import { PrefixAffinity } from './prefix-affinity.ts';
import { ReplicaPool } from './replica-pool.ts';
import { Replica, type ReplicaHealth } from './replica.ts';
import type { Ticket } from './ticket.ts';
import type { WaitsFor } from '#contracts/engine';
import { TrafficShaper } from './traffic-shaper.ts';

export interface LanePorts {
  readonly clock: Clock;
  readonly leases: LeasePort;
  readonly turnMs: number;
  readonly onChange: () => void;
}

/** All that belongs to one model: its replicas, its rate, and what its requests wait for. */
export class Lane {
  readonly model: OrchestratedModel;
  readonly pool: ReplicaPool;
  readonly shaper: TrafficShaper;
  waitsFor: WaitsFor = 'replica';
  #degraded: readonly Degradation[] = [];

  constructor(model: OrchestratedModel, { clock, leases, turnMs, onChange }: LanePorts) {
    this.model = model;
    this.shaper = new TrafficShaper(model.limits ?? {}, clock.nowMs());
    const replicas = model.replicas.map((spec) => {
      const holder = `${model.id}/${spec.id}`;
      const { compute: share } = spec;
      const turn =
        share === undefined ? null : new ComputeTurn({ clock, leases, holder, share, turnMs, onChange });
      return new Replica(spec, clock, turn);
    });
    this.pool = new ReplicaPool(replicas, model.policy ?? new PrefixAffinity(leastOutstandingTokens()));
  }

  opened(terms: LeaseTerms, degraded: readonly Degradation[]): void {
    this.pool.limit(terms);
    this.#degraded = degraded;
  }

  tellPlaces(waiting: readonly Ticket[]): void {
    // A copy: whoever is told may stop his request.
    [...waiting].forEach((ticket, position) => {
      ticket.waits({ position, waitsFor: this.waitsFor });
    });
  }

  status(): { id: string; degraded: readonly Degradation[]; replicas: readonly ReplicaHealth[] } {
    const replicas = this.pool.replicas.map((replica) => replica.health());
    return { id: this.model.id, degraded: this.#degraded, replicas };
  }
}
