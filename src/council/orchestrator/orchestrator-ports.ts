import type { Clock } from '#kernel/clock';
import type { Random } from '#kernel/random';
import type { GenerateRequest } from '#contracts/engine';
import type { WitanFailure } from '#contracts/errors';
import type { Degradation, LeasePort } from '#contracts/leases';
import type { MetricWriter } from '#contracts/metrics';
import type { Priority } from './aging.ts';
import type { Patience } from './attempt.ts';
import type { ReplicaHealth } from './replica.ts';
import type { WaitsFor } from '#contracts/engine';
import type { RateLimits } from './traffic-shaper.ts';

export interface OrchestratorPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics?: MetricWriter;
  /** Absent: nothing is scarce. */
  readonly leases?: LeasePort;
  readonly onEvent?: (event: OrchestratorEvent) => void;
}

export interface OrchestratorOptions {
  readonly queueLimit?: number;
  /** Waiting that one class of priority is worth, ms. */
  readonly ageStepMs?: number;
  /** How long a model, or a replica on the graphics card, may take new work while others wait, ms. */
  readonly turnMs?: number;
  /** How long a model that nothing waits for stays in memory although others want its place, ms; absent: not at all. */
  readonly lingerMs?: number;
  readonly patience?: Patience;
  /** Of all models together; each may have its own besides. */
  readonly limits?: RateLimits;
}

/** What happens behind the requests; each is told to whoever looks after the council. */
export type OrchestratorEvent =
  | {
      readonly type: 'failed-over';
      readonly modelId: string;
      readonly from: string;
      readonly problem: WitanFailure;
    }
  | { readonly type: 'stolen'; readonly modelId: string; readonly by: string }
  | { readonly type: 'stuck'; readonly modelId: string; readonly replicaId: string }
  | { readonly type: 'model-in'; readonly modelId: string; readonly degraded: readonly Degradation[] }
  | { readonly type: 'model-out'; readonly modelId: string };

export interface OrchestratorRequest {
  /** A member, or a model. */
  readonly target: string;
  /** Absent: normal. */
  readonly priority?: Priority;
  /** From submit to the end of the answer; absent: as long as it takes. */
  readonly deadlineMs?: number;
  readonly generate: GenerateRequest;
}

export interface ModelStatus {
  readonly id: string;
  readonly waiting: number;
  /** Null when nothing waits. */
  readonly waitsFor: WaitsFor | null;
  /** In what it has less than it should have. */
  readonly degraded: readonly Degradation[];
  readonly replicas: readonly ReplicaHealth[];
}
