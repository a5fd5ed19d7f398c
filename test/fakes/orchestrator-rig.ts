import type { GenerateRequest, Generation, TokenChunk } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { LeasePort } from '#contracts/leases';
import { seededRandom } from '#kernel/random';
import type { OrchestratedModel } from '../../src/council/orchestrator/orchestrated-model.ts';
import type {
  OrchestratorEvent,
  OrchestratorOptions,
  OrchestratorRequest,
} from '../../src/council/orchestrator/orchestrator-ports.ts';
import { Orchestrator } from '../../src/council/orchestrator/orchestrator.ts';
import type { ReplicaSpec } from '../../src/council/orchestrator/replica.ts';
import type { Place } from '../../src/council/orchestrator/ticket.ts';
import { DecodingEngine, type Decoding } from './decoding-engine.ts';
import { turn } from './turn.ts';
import { VirtualClock } from './virtual-clock.ts';

export const QUICK: Decoding = { firstTokenMs: 10, stepMs: 10, tokens: 3 };

export function asked(prompt: string, more: Partial<GenerateRequest> = {}): GenerateRequest {
  return { prompt, maxTokens: 10, temperature: 0, seed: 1, ...more };
}

/** One request and all that was heard of it. */
export interface Submitted {
  readonly chunks: TokenChunk[];
  readonly places: Place[];
  readonly starts: string[];
  readonly abort: AbortController;
  outcome: Outcome<Generation> | null;
  settledMs: number | null;
  settlements: number;
}

/** An orchestrator on a virtual clock, with engines that do as they are told. */
export class OrchestratorRig {
  readonly clock = new VirtualClock();
  readonly orchestrator: Orchestrator;
  readonly events: OrchestratorEvent[] = [];
  readonly engines = new Map<string, DecodingEngine>();
  /** What was told after the end. */
  readonly violations: string[] = [];

  constructor(options: OrchestratorOptions = {}, leases?: (clock: VirtualClock) => LeasePort) {
    this.orchestrator = new Orchestrator(
      {
        clock: this.clock,
        random: seededRandom(1),
        onEvent: (event) => {
          this.events.push(event);
        },
        ...(leases === undefined ? {} : { leases: leases(this.clock) }),
      },
      options,
    );
  }

  replica(
    id: string,
    script: Decoding | ((request: GenerateRequest, call: number) => Decoding) = QUICK,
    more: Partial<ReplicaSpec> = {},
  ): ReplicaSpec {
    const engine = new DecodingEngine(this.clock, typeof script === 'function' ? script : () => script);
    this.engines.set(id, engine);
    return { id, engine, slots: 1, ...more };
  }

  add(id: string, replicas: readonly ReplicaSpec[], more: Partial<OrchestratedModel> = {}): void {
    this.orchestrator.add({ id, members: [], replicas, ...more });
  }

  submit(
    target: string,
    prompt: string,
    more: Partial<Omit<OrchestratorRequest, 'generate'>> & {
      generate?: Partial<GenerateRequest>;
      onSettled?: (outcome: Outcome<Generation>) => void;
    } = {},
  ): Submitted {
    const { generate, onSettled, ...rest } = more;
    const submitted: Submitted = {
      chunks: [],
      places: [],
      starts: [],
      abort: new AbortController(),
      outcome: null,
      settledMs: null,
      settlements: 0,
    };
    const late = (what: string): void => {
      if (submitted.outcome !== null) this.violations.push(`${what} of ${prompt} after its answer`);
    };
    void this.orchestrator
      .submit(
        submitted.abort.signal,
        { target, generate: asked(prompt, generate), ...rest },
        {
          onChunk: (chunk) => {
            late('a chunk');
            submitted.chunks.push(chunk);
          },
          onPlace: (place) => {
            late('a place');
            submitted.places.push(place);
          },
          onStart: (replicaId) => {
            late('a start');
            submitted.starts.push(replicaId);
          },
        },
      )
      .then((outcome) => {
        submitted.outcome = outcome;
        submitted.settledMs = this.clock.nowMs();
        submitted.settlements += 1;
        onSettled?.(outcome);
      });
    return submitted;
  }

  /** Lets time pass, with all that happens at each moment of it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.clock.nowMs() + ms;
    await turn();
    while (this.clock.nextDueMs <= endMs) {
      this.clock.step();
      await turn();
    }
    this.clock.advance(endMs - this.clock.nowMs());
    await turn();
    if (this.violations.length > 0) throw new Error(this.violations.join('; '));
  }

  engine(id: string): DecodingEngine {
    const engine = this.engines.get(id);
    if (engine === undefined) throw new Error(`no engine ${id}`);
    return engine;
  }

  /** Prompts in the order in which engines were asked. */
  order(id: string): readonly string[] {
    return this.engine(id).calls.map(({ request }) => request.prompt);
  }
}

export function textOf(submitted: Submitted): string | undefined {
  return submitted.outcome?.ok === true ? submitted.outcome.value.text : undefined;
}

export function errorOf(submitted: Submitted): string | undefined {
  return submitted.outcome?.ok === false ? submitted.outcome.error.code : undefined;
}
