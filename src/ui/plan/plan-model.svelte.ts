import { failureOf, type Outcome, type WitanFailure } from '#contracts/errors';
import type { CapacityPlan, Goal } from '#contracts/plan';
import type { CapacityPort, WitanPorts } from '#contracts/ports';
import type { ScalabilityReport } from '#contracts/scalability';
import { AS_HERE, isAsHere, whatIfOf, type WhatIfChoice, type WhatIfName } from './what-if.ts';

/** Something that is asked for again whenever its question changes; only the newest question is answered. */
class Asked<T> {
  value = $state.raw<T | null>(null);
  problem = $state.raw<WitanFailure | null>(null);
  busy = $state(false);
  #abort: AbortController | null = null;

  async ask(task: (signal: AbortSignal) => Promise<Outcome<T>>): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.busy = true;
    const outcome = await this.#attempt(abort.signal, task);
    if (this.#abort !== abort) return;
    this.busy = false;
    this.problem = outcome.ok ? null : outcome.error;
    // An answer to an earlier question would be taken for one to this.
    this.value = outcome.ok ? outcome.value : null;
  }

  /** Forgets the answer and the question. */
  clear(): void {
    this.cancel();
    this.value = null;
    this.problem = null;
  }

  cancel(): void {
    this.#abort?.abort();
    this.#abort = null;
    this.busy = false;
  }

  async #attempt(
    signal: AbortSignal,
    task: (signal: AbortSignal) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    try {
      return await task(signal);
    } catch (thrown) {
      return { ok: false, error: failureOf(thrown) };
    }
  }
}

/** The plan of this device, of one that differs from it, and what would change with a stronger one. */
export class PlanModel {
  goal = $state<Goal>('balanced');
  choice = $state.raw<WhatIfChoice>(AS_HERE);
  readonly here = new Asked<CapacityPlan>();
  readonly other = new Asked<CapacityPlan>();
  readonly scale = new Asked<ScalabilityReport>();
  readonly #port: () => Promise<CapacityPort>;

  constructor(port: WitanPorts['capacity']) {
    this.#port = port;
  }

  /** Plans now; returns what ends the planning. */
  connect(): () => void {
    this.#plan();
    return () => {
      for (const asked of [this.here, this.other, this.scale]) asked.cancel();
    };
  }

  aim(goal: Goal): void {
    if (goal === this.goal) return;
    this.goal = goal;
    this.#plan();
  }

  /** Null: as here. */
  change(name: WhatIfName, value: number | null): void {
    this.choice = { ...this.choice, [name]: value };
    this.#planOther();
  }

  asHere(): void {
    this.choice = AS_HERE;
    this.#planOther();
  }

  #plan(): void {
    const { goal } = this;
    void this.here.ask(async (signal) => (await this.#port()).plan(signal, goal));
    void this.scale.ask(async (signal) => (await this.#port()).scalability(signal, goal));
    this.#planOther();
  }

  #planOther(): void {
    const { goal, choice } = this;
    if (isAsHere(choice)) this.other.clear();
    else void this.other.ask(async (signal) => (await this.#port()).plan(signal, goal, whatIfOf(choice)));
  }
}

const models = new WeakMap<WitanPorts, PlanModel>();

/** One for the whole app: the goal and the other device are still chosen when the page is opened again. */
export function planModel(ports: WitanPorts): PlanModel {
  const known = models.get(ports) ?? new PlanModel(ports.capacity);
  models.set(ports, known);
  return known;
}
