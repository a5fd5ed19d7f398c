import type { Clock } from '#kernel/clock';
import type { Random } from '#kernel/random';
import type { CouncilMember, Roster } from '#contracts/council';
import type { Engine } from '#contracts/engine';
import { COMPUTE, type Compute, type LeasePort } from '#contracts/leases';
import type { MetricWriter } from '#contracts/metrics';
import type { Patience } from '../council/orchestrator/attempt.ts';
import { orchestratedEngine } from '../council/orchestrator/orchestrated-engine.ts';
import type { OrchestratedModel } from '../council/orchestrator/orchestrated-model.ts';
import { Orchestrator } from '../council/orchestrator/orchestrator.ts';
import type { ModelStatus } from '../council/orchestrator/orchestrator-ports.ts';

export interface CouncilDispatchPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: MetricWriter;
  readonly leases: LeasePort;
  /** Brings the account of memory up to date; asked when there are members that do not fit into it all at once. */
  readonly takeStock: () => Promise<unknown>;
  /** Cards, and threads of the processor, of which `leases` gives turns. */
  readonly units: Readonly<Record<Compute, number>>;
}

/**
 * Members watch their own engines, replace them, and ask the question once more: nothing may come meanwhile for as long as a
 * large model takes to load. What is silent for longer than that is not coming back.
 */
const PATIENCE: Patience = { firstTokenMs: 600_000, tokenGapMs: 300_000, stopMs: 10_000 };

/** A round that has a member's answer asks for the next one in the same task; a person does not ask as quickly. */
const LINGER_MS = 50;

interface Seated {
  /** What was seated: another one gets another place. */
  readonly sitting: readonly unknown[];
  readonly engine: Engine;
}

/**
 * Puts the orchestrator between the council and its members' engines: what is asked of them waits in one queue, takes turns on
 * what computes and in memory that does not hold all of them, and is given up where an engine keeps failing.
 */
export class CouncilDispatch {
  readonly #orchestrator: Orchestrator;
  readonly #units: CouncilDispatchPorts['units'];
  readonly #takeStock: CouncilDispatchPorts['takeStock'];
  readonly #seated = new Map<string, Seated>();

  constructor({ units, takeStock, ...ports }: CouncilDispatchPorts) {
    this.#orchestrator = new Orchestrator(ports, { patience: PATIENCE, lingerMs: LINGER_MS });
    this.#units = units;
    this.#takeStock = takeStock;
  }

  /** The same roster, its members asked through the orchestrator. Those that are in it no more are forgotten. */
  async seat(roster: Roster): Promise<Roster> {
    if (roster.ready.some(({ memory }) => memory !== undefined)) await this.#takeStock();
    const here = new Set([...roster.ready, ...roster.absent].map(({ id }) => id));
    for (const id of this.#seated.keys()) {
      if (here.has(id)) continue;
      this.#seated.delete(id);
      this.#orchestrator.remove(id);
    }
    const turns = COMPUTE.map((of) => this.#takingTurns(of, roster.ready));
    const ready = roster.ready.map((member) => {
      const takesTurnsWith = turns.find((ids) => ids.includes(member.id));
      const engine = this.#engine(member);
      const tokensPerSecond = this.#orchestrator.speedOf(member.id);
      return {
        ...member,
        engine,
        tokensPerSecond,
        ...(takesTurnsWith === undefined ? {} : { takesTurnsWith }),
      };
    });
    return { ...roster, ready };
  }

  status(): readonly ModelStatus[] {
    return this.#orchestrator.status();
  }

  /** Those of `members` that cannot all compute at once, or be in memory at once. */
  #takingTurns(of: Compute, members: readonly CouncilMember[]): readonly string[] {
    const sharing = members.filter(({ compute }) => compute?.of === of);
    const units = sharing.reduce((sum, { compute }) => sum + (compute?.units ?? 0), 0);
    const crowded = units > this.#units[of] || sharing.some(({ memory }) => memory !== undefined);
    return crowded && sharing.length > 1 ? sharing.map(({ id }) => id) : [];
  }

  #engine({ id, engine, compute, memory, restarts = () => 0 }: CouncilMember): Engine {
    const before = this.#seated.get(id);
    // An engine that was replaced has a clean record: the faults were those of the one before.
    const sitting = [engine, restarts(), compute?.of, compute?.units, memory?.bytes];
    if (before?.sitting.every((value, at) => value === sitting[at]) === true) return before.engine;
    const { of = 'processor', bytes: memoryBytes = 0, open, close } = memory ?? {};
    const model: OrchestratedModel = {
      id,
      members: [],
      replicas: [{ id: '0', engine, slots: 1, ...(compute === undefined ? {} : { compute }) }],
      ...(open === undefined || close === undefined
        ? {}
        : {
            memory: {
              of,
              terms: [{ memoryBytes, replicas: 1, slots: 1, contextTokens: 0 }],
              open: (signal) => open(signal),
              close,
            },
          }),
    };
    this.#orchestrator.add(model);
    const orchestrated = orchestratedEngine(this.#orchestrator, id);
    this.#seated.set(id, { sitting, engine: orchestrated });
    return orchestrated;
  }
}
