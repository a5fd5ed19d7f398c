import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { median } from '#kernel/statistics-order';
import type {
  MeasuredShape,
  SpeedMeasurement,
  SpeedProgress,
  SpeedRun,
  SyntheticQuantization,
} from '#contracts/capacity';
import { FULL_SPEED, type Engine, type LoadedModel } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { ModelShape } from '#contracts/model-shape';
import { noFigure, spreadOf, TimedAnswers } from './timed-answers.ts';
import type { VisibilityReader } from './visibility-log.ts';

/** A model to run, and what to ask it. */
export interface SpeedTask {
  readonly shape: ModelShape;
  readonly quantization: SyntheticQuantization;
  /** Tokens of a prompt that the CPU takes at once. */
  readonly promptBatchTokens: number;
  /** Tokens; asked in every round. */
  readonly prompts: readonly number[];
  /** Asked once or twice, since it takes as long as all others. */
  readonly longPrompt: number | null;
}

/** A task's model in memory. */
export interface OpenSpeedModel {
  readonly engine: Engine;
  readonly loaded: LoadedModel;
  readonly fileBytes: number;
  close(): Promise<void>;
}

export interface SpeedSuitePorts {
  readonly clock: Clock;
  readonly visibility: VisibilityReader;
  /** Builds the task's model and brings it into memory. */
  readonly open: (
    signal: AbortSignal,
    task: SpeedTask,
    onPhase: (phase: SpeedProgress['phase']) => void,
  ) => Promise<Outcome<OpenSpeedModel>>;
  /** Tokens of each answer. */
  readonly answerTokens: number;
  /** Least warm-up of the first model, ms. */
  readonly firstWarmUpMs: number;
  readonly userAgent: string;
}

/**
 * What people will wait for. On a device so busy that it is over before all models are, those under way are asked each
 * question once, and nothing long; that is unsteady then, and said to be.
 */
const BUDGET_MS = 25_000;
/** Three tell which of them was disturbed; more tell little that a second model does not tell better. */
const MOST_ROUNDS = 3;
const LEAST_ROUNDS = 2;
/**
 * Of the first answers each is faster than the one before, while the browser compiles anew what runs often: up to twice as
 * slow at first (Chromium 150). Warm-up ends when two agree, or at the cap.
 */
const WARM_AGREEMENT = 0.1;
const MOST_WARM_UPS = 5;
/** Of the first model, which is warmed up by time: a clock that stands still must not hold it for ever. */
const MOST_FIRST_WARM_UPS = 64;
/** Bytes, layers and fixed costs cannot be told apart with fewer. */
const LEAST_MODELS = 3;
/** Repeated runs of a quiet device vary by 1 to 3 %. */
export const STEADY_SPREAD = 0.05;

type Run = SpeedRun & { readonly group: string };

/** Runs models of random weights, one after the other, and says how fast they were. One instance runs once. */
export class SpeedSuite {
  readonly #tasks: readonly SpeedTask[];
  readonly #ports: SpeedSuitePorts;
  readonly #onProgress: (progress: SpeedProgress) => void;
  #startedMs = 0;
  readonly #answers: TimedAnswers;
  /** Models that are done, and the share of the one under way. */
  #done = 0;

  constructor(
    tasks: readonly SpeedTask[],
    ports: SpeedSuitePorts,
    onProgress: (progress: SpeedProgress) => void,
  ) {
    this.#tasks = tasks;
    this.#ports = ports;
    this.#answers = new TimedAnswers(ports.visibility);
    this.#onProgress = onProgress;
  }

  /** Errors: cancelled, benchmark-void, engine-failed (an answer without figures), and those of opening and answering. */
  async run(signal: AbortSignal): Promise<Outcome<SpeedMeasurement>> {
    const { clock, userAgent } = this.#ports;
    this.#startedMs = clock.nowMs();
    const models: MeasuredShape[] = [];
    const spreads: number[] = [];
    let placed: LoadedModel | null = null;
    for (const [index, task] of this.#tasks.entries()) {
      if (models.length >= LEAST_MODELS && this.#elapsedMs > BUDGET_MS) break;
      this.#done = index;
      this.#report('build');
      const opened = await this.#ports.open(signal, task, (phase) => {
        this.#report(phase);
      });
      if (!opened.ok) return opened;
      placed ??= opened.value.loaded;
      const untilMs = this.#elapsedMs + (BUDGET_MS - this.#elapsedMs) / (this.#tasks.length - index);
      const runs = await this.#runsOf(signal, task, opened.value, untilMs).finally(() =>
        opened.value.close(),
      );
      if (!runs.ok) return runs;
      const { loaded, fileBytes } = opened.value;
      if (loaded.memory === undefined) return err(noFigure());
      spreads.push(...spreadsOf(runs.value));
      models.push({
        shape: task.shape,
        quantization: task.quantization,
        fileBytes,
        ...(loaded.backend === 'cpu' ? { promptBatchTokens: task.promptBatchTokens } : {}),
        memory: { contextTokens: loaded.contextTokens, ...loaded.memory },
        loadMs: loaded.loadMs,
        runs: runs.value.map(({ group: _group, ...run }) => run),
      });
    }
    if (placed === null) return err(noFigure());
    // Also where time ended before the models did: nothing is left to wait for.
    this.#done = this.#tasks.length;
    this.#report('run');
    const spread = spreads.length === 0 ? null : median(spreads);
    return ok({
      schema: 'witan.speed-measurement',
      version: 1,
      measuredAtMs: clock.epochMs(),
      wallMs: this.#elapsedMs,
      engine: 'wllama',
      backend: placed.backend,
      threads: placed.threads,
      userAgent,
      models,
      voided: this.#answers.voided,
      spread,
      stable: spread !== null && spread <= STEADY_SPREAD,
    });
  }

  get #elapsedMs(): number {
    return this.#ports.clock.nowMs() - this.#startedMs;
  }

  async #runsOf(
    signal: AbortSignal,
    task: SpeedTask,
    { engine }: OpenSpeedModel,
    untilMs: number,
  ): Promise<Outcome<readonly Run[]>> {
    engine.setPacing(FULL_SPEED);
    const warm = await this.#warmUp(signal, engine, Math.min(...task.prompts), untilMs);
    if (!warm.ok) return warm;
    const runs: Run[] = [];
    const before = this.#done;
    const { answerTokens } = this.#ports;
    const ask = async (promptTokens: number, share: number): Promise<Outcome<null>> => {
      this.#done = before + share;
      this.#report('run');
      const run = await this.#answers.ask(signal, engine, promptTokens, answerTokens);
      if (!run.ok) return run;
      runs.push({ ...run.value, group: String(promptTokens) });
      return ok(null);
    };
    const rounds = MOST_ROUNDS + (task.longPrompt === null ? 0 : 1);
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const leastMs = round < LEAST_ROUNDS ? BUDGET_MS : untilMs;
      if (round > 0 && this.#elapsedMs >= leastMs) break;
      for (const [index, prompt] of task.prompts.entries()) {
        const asked = await ask(prompt, (round + index / task.prompts.length) / rounds);
        if (!asked.ok) return asked;
      }
    }
    // Once in any case that has time, and again where the device is fast.
    for (const leastMs of task.longPrompt === null ? [] : [BUDGET_MS, untilMs]) {
      if (this.#elapsedMs >= leastMs) break;
      const long = await ask(task.longPrompt ?? 0, MOST_ROUNDS / rounds);
      if (!long.ok) return long;
    }
    return ok(runs);
  }

  async #warmUp(
    signal: AbortSignal,
    engine: Engine,
    promptTokens: number,
    untilMs: number,
  ): Promise<Outcome<null>> {
    const { answerTokens } = this.#ports;
    let before = Infinity;
    const leastMs = this.#done === 0 ? this.#elapsedMs + this.#ports.firstWarmUpMs : 0;
    const most = this.#done === 0 && this.#ports.firstWarmUpMs > 0 ? MOST_FIRST_WARM_UPS : MOST_WARM_UPS;
    for (let run = 0; run < most; run += 1) {
      const answer = await this.#answers.ask(signal, engine, promptTokens, answerTokens);
      if (!answer.ok) return answer;
      const { decodeMs } = answer.value;
      const steady = Math.abs(before / decodeMs - 1) <= WARM_AGREEMENT && this.#elapsedMs >= leastMs;
      if (steady || this.#elapsedMs >= untilMs) break;
      before = decodeMs;
    }
    return ok(null);
  }

  #report(phase: SpeedProgress['phase']): void {
    const fraction = Math.min(1, this.#done / this.#tasks.length);
    const elapsedMs = this.#elapsedMs;
    const secondsLeft = fraction === 0 ? null : (elapsedMs * (1 / fraction - 1)) / 1000;
    this.#onProgress({ phase, fraction, secondsLeft });
  }
}

/** How far runs of the same question are from their median, shares. */
function spreadsOf(runs: readonly Run[]): number[] {
  return [...new Set(runs.map(({ group }) => group))].flatMap((name) =>
    spreadOf(runs.filter(({ group }) => group === name).map(({ decodeMs }) => decodeMs)),
  );
}
