import type { BalancingPolicy } from './balancing-policies.ts';
import type { ModelMemory } from './model-turns.ts';
import type { ReplicaSpec } from './replica.ts';
import type { RateLimits } from './traffic-shaper.ts';

/** A model that requests can be put to: one set of weights, in one or more instances. */
export interface OrchestratedModel {
  readonly id: string;
  /** Members that speak through it: personas and samples of the same weights share its slots. */
  readonly members: readonly string[];
  /** At least one; their order breaks ties. */
  readonly replicas: readonly ReplicaSpec[];
  /** Absent: least outstanding tokens, with affinity to the prompt's beginning. */
  readonly policy?: BalancingPolicy;
  /** Absent: as fast as it goes. */
  readonly limits?: RateLimits;
  /** Absent: it is there already, or runs elsewhere. */
  readonly memory?: ModelMemory;
}
