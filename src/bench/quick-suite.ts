import type { Clock } from '#kernel/clock';
import { seededRandom, type Random } from '#kernel/random';
import { err, ok } from '#kernel/result';
import { relativeSpread } from '#kernel/statistics-order';
import { BENCH_TESTS, type BenchProgress, type BenchResult, type BenchTestName } from '#contracts/bench';
import { FULL_SPEED, type Engine } from '#contracts/engine';
import { failure, failureOf, type Outcome } from '#contracts/errors';
import { benchRequest } from './bench-prompts.ts';
import { sampleOf } from './bench-sample.ts';
import { makeResult } from './canonical-result.ts';
import type { VisibilityReader } from './visibility-log.ts';

/** Six is the fewest for which min to max covers the median with 95 % (96.9 %; benchmarks research §2.2). */
const REPETITIONS = 6;
/** Warm-up ends when this many runs in a row agree, or at the cap: the quick suite must stay quick. */
const WARMUP_WINDOW = 3;
const WARMUP_AGREEMENT = 0.03;
const WARMUP_CAP = 4;
/** A repetition during which the tab was hidden is void and run once more; twice in a row ends the benchmark. */
const TRIES = 2;

/** A member to measure: its model is loaded, and nobody else uses the engine during the run. */
export interface BenchMember {
  readonly id: string;
  readonly engine: Engine;
}

export interface QuickSuitePorts {
  readonly clock: Clock;
  readonly visibility: VisibilityReader;
  readonly environment: BenchResult['environment'];
  /** Seed of the random prompts. */
  readonly seed: number;
}

/** One cell of the plan: a test of a member, and its samples in the order they were taken. */
interface Cell {
  readonly member: BenchMember;
  readonly test: BenchTestName;
  readonly samples: number[];
}

/**
 * The quick benchmark: prefill (pp128), decode (tg64) and time to first token (ttft) of every member, one at a time.
 * Each test of each member warms up until three runs agree within 3 % (at most four); then six timed rounds go through
 * all tests and members in turn (A, B, C, A, B, C …), so that drift hits all alike. No sample is dropped.
 * One instance runs once.
 */
export class QuickSuite {
  readonly #cells: readonly Cell[];
  readonly #ports: QuickSuitePorts;
  readonly #random: Random;
  readonly #onProgress: (progress: BenchProgress) => void;
  #done = 0;
  #total: number;
  #warmupRuns = 0;

  constructor(
    members: readonly BenchMember[],
    ports: QuickSuitePorts,
    onProgress: (progress: BenchProgress) => void = () => undefined,
  ) {
    this.#cells = BENCH_TESTS.flatMap((test) => members.map((member) => ({ member, test, samples: [] })));
    this.#ports = ports;
    this.#random = seededRandom(ports.seed);
    this.#onProgress = onProgress;
    this.#total = this.#cells.length * (WARMUP_CAP + REPETITIONS);
  }

  /**
   * Errors: cancelled, benchmark-void (the tab was hidden in a repetition and in its repeat), council-unavailable
   * (no member), engine-failed (an answer without the figure), and those of `Engine.generate`.
   */
  async run(signal: AbortSignal): Promise<Outcome<BenchResult>> {
    const { clock, visibility, environment } = this.#ports;
    if (this.#cells.length === 0) return err(failure('council-unavailable'));
    const startedMs = clock.nowMs();
    const hiddenBeforeMs = visibility.read().hiddenMs;
    for (const cell of this.#cells) cell.member.engine.setPacing(FULL_SPEED);
    for (const cell of this.#cells) {
      const warm = await this.#warmUp(signal, cell);
      if (!warm.ok) return warm;
    }
    for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
      for (const cell of this.#cells) {
        const sample = await this.#measure(signal, cell);
        if (!sample.ok) return sample;
        cell.samples.push(sample.value);
      }
    }
    const elapsedMs = clock.nowMs() - startedMs;
    const hiddenMs = visibility.read().hiddenMs - hiddenBeforeMs;
    return ok(
      makeResult({
        environment,
        visibleShare: elapsedMs > 0 ? 1 - Math.min(1, hiddenMs / elapsedMs) : 1,
        warmupRuns: this.#warmupRuns,
        repetitions: REPETITIONS,
        tests: this.#cells.map(({ member, test, samples }) => ({ member: member.id, test, samples })),
      }),
    );
  }

  async #warmUp(signal: AbortSignal, cell: Cell): Promise<Outcome<null>> {
    const runs: number[] = [];
    while (runs.length < WARMUP_CAP && !hasSettled(runs)) {
      const sample = await this.#measure(signal, cell);
      if (!sample.ok) return sample;
      runs.push(sample.value);
    }
    this.#warmupRuns += runs.length;
    this.#total -= WARMUP_CAP - runs.length;
    return ok(null);
  }

  /** One repetition, once more if the tab was hidden during it. */
  async #measure(signal: AbortSignal, cell: Cell): Promise<Outcome<number>> {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      this.#report(cell);
      const before = this.#ports.visibility.read();
      const sample = await this.#runOnce(signal, cell);
      if (!sample.ok) return sample;
      const after = this.#ports.visibility.read();
      if (!before.hidden && after.episodes === before.episodes) {
        this.#done += 1;
        this.#report(cell);
        return sample;
      }
    }
    return err(failure('benchmark-void', { reason: 'the tab was hidden', test: nameOf(cell) }));
  }

  async #runOnce(signal: AbortSignal, cell: Cell): Promise<Outcome<number>> {
    if (signal.aborted) return err(failure('cancelled'));
    const { member, test } = cell;
    try {
      const request = benchRequest(test, this.#random);
      const generated = await member.engine.generate(signal, request, () => undefined);
      if (signal.aborted) return err(failure('cancelled'));
      if (!generated.ok) return generated;
      if (generated.value.replayed === true)
        return err(failure('benchmark-void', { reason: 'a worker was lost', test: nameOf(cell) }));
      const sample = generated.value.finish === 'cancelled' ? null : sampleOf(test, generated.value);
      return sample === null
        ? err(failure('engine-failed', { reason: 'no-figure', test: nameOf(cell) }))
        : ok(sample);
    } catch (thrown) {
      return err(failureOf(thrown));
    }
  }

  #report(cell: Cell): void {
    this.#onProgress({ done: this.#done, total: this.#total, current: nameOf(cell) });
  }
}

function nameOf({ member, test }: Cell): string {
  return `${member.id}/${test}`;
}

function hasSettled(runs: readonly number[]): boolean {
  return runs.length >= WARMUP_WINDOW && relativeSpread(runs.slice(-WARMUP_WINDOW)) <= WARMUP_AGREEMENT;
}
