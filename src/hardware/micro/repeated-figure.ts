import { ok } from '#kernel/result';
import type { Outcome, WitanFailure } from '#contracts/errors';
import type { MicroName, MicroReading, MicroReport, MicroSample } from '#contracts/micro-bench';
import { isStable, isWarm, readingOf } from './agreement.ts';
import { FIGURE_PLANS, wantedMs, type FigurePlan } from './figure-plan.ts';

/** Where repetitions come from. Errors: cancelled and benchmark-void end the whole measurement, others this figure. */
export interface FigureSource {
  readonly name: MicroName;
  /** @param blocks how much work: see `MicroBenchWorkerApi` */
  sample(blocks: number): Promise<Outcome<MicroSample>>;
}

export type SkipReason = MicroReport['skipped'][number]['reason'];

/** Blocks grow at most so fast: a first run, which compiles, is slower than it will be. */
const FASTEST_GROWTH = 8;
/** A little more than wanted, so that the next run is not too short again. */
const GROWTH_MARGIN = 1.15;
/** Runs that do not count: at most these, and not for longer. */
const WARM_UP_RUNS = 16;
const WARM_UP_MS = 150;

/** What takes so long wakes up by itself in a small part of it. */
const LONG_MS = 200;

/** What a failure means for the figure that it struck; null: it ends the whole measurement. */
export function skipReasonOf({ code }: WitanFailure): SkipReason | null {
  if (code === 'cancelled' || code === 'benchmark-void') return null;
  const lost = ['worker-lost', 'worker-silent', 'device-lost', 'deadline-exceeded'].includes(code);
  return lost ? 'lost' : 'failed';
}

/** One figure and its repetitions. */
export class RepeatedFigure {
  readonly plan: FigurePlan;
  readonly #source: FigureSource;
  readonly #wantedMs: number;
  readonly #visits: number[][] = [];
  #blocks = 1;
  #lastMs = 0;
  #skipped: SkipReason | null = null;

  constructor(source: FigureSource, clockStepUs: number) {
    this.#source = source;
    this.plan = FIGURE_PLANS[source.name];
    this.#wantedMs = wantedMs(this.plan, clockStepUs);
  }

  get name(): MicroName {
    return this.#source.name;
  }

  /** Why there is no figure; null as long as there is one or will be. */
  get skipped(): SkipReason | null {
    return this.#skipped;
  }

  get measured(): boolean {
    return this.#visits.length > 0;
  }

  get stable(): boolean {
    return this.measured && isStable(this.#visits, this.plan.leastSamples);
  }

  reading(): MicroReading | null {
    return this.#skipped === null && this.measured ? readingOf(this.#visits, this.plan.leastSamples) : null;
  }

  /** Finds the blocks that take long enough, and goes on until runs agree. Errors: cancelled, benchmark-void. */
  async warmUp(): Promise<Outcome<null>> {
    const values: number[] = [];
    let spentMs = 0;
    for (let run = 0; this.plan.warmUp && run < WARM_UP_RUNS; run += 1) {
      if (isWarm(values) || spentMs >= WARM_UP_MS) break;
      const taken = await this.#take();
      if (!taken.ok) return taken;
      if (taken.value === null) break;
      const { value, elapsedMs } = taken.value;
      spentMs += elapsedMs;
      if (this.#grow(elapsedMs)) values.length = 0;
      else values.push(value);
    }
    return ok(null);
  }

  /** A run that does not count: what lay idle since the last visit wakes up. Errors: cancelled, benchmark-void. */
  async leadIn(): Promise<Outcome<null>> {
    if (!this.plan.warmUp || this.#lastMs >= LONG_MS) return ok(null);
    const taken = await this.#take();
    return taken.ok ? ok(null) : taken;
  }

  /** A repetition that counts. @param begins it is the first of a visit. Errors: cancelled, benchmark-void. */
  async repeat(begins: boolean): Promise<Outcome<null>> {
    const taken = await this.#take();
    if (!taken.ok) return taken;
    if (taken.value === null) return ok(null);
    const visit = this.#visits.at(-1);
    if (begins || visit === undefined) this.#visits.push([taken.value.value]);
    else visit.push(taken.value.value);
    return ok(null);
  }

  /** @returns whether the blocks were too few */
  #grow(elapsedMs: number): boolean {
    if (elapsedMs >= this.#wantedMs || this.#blocks >= this.plan.maxBlocks) return false;
    const factor = Math.min(FASTEST_GROWTH, (GROWTH_MARGIN * this.#wantedMs) / Math.max(elapsedMs, 1e-3));
    this.#blocks = Math.min(this.plan.maxBlocks, Math.ceil(this.#blocks * factor));
    return true;
  }

  /** @returns null when the figure is skipped, from now on or before */
  async #take(): Promise<Outcome<MicroSample | null>> {
    if (this.#skipped !== null) return ok(null);
    const taken = await this.#source.sample(this.#blocks);
    if (taken.ok) {
      this.#lastMs = taken.value.elapsedMs;
      return taken;
    }
    this.#skipped = skipReasonOf(taken.error);
    return this.#skipped === null ? taken : ok(null);
  }
}
