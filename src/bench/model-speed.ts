import type { Clock } from '#kernel/clock';
import { ok } from '#kernel/result';
import { median } from '#kernel/statistics-order';
import type { SpeedRun } from '#contracts/capacity';
import { FULL_SPEED, type Engine } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { ModelMeasurement } from '#contracts/model-measurement';
import { STEADY_SPREAD } from './speed-suite.ts';
import { spreadOf, TimedAnswers } from './timed-answers.ts';
import type { VisibilityReader } from './visibility-log.ts';

export interface ModelSpeedPorts {
  readonly clock: Clock;
  readonly visibility: VisibilityReader;
  /** @param fraction of the runs, 0..1 */
  readonly onProgress: (fraction: number) => void;
}

/** What is asked: as many tokens as a prediction is about, and an answer of that length at most. */
export interface ModelQuestion {
  readonly promptTokens: number;
  readonly answerTokens: number;
}

/** Three tell which of them was disturbed; two is the least that can disagree. */
const ROUNDS = 3;
const LEAST_ROUNDS = 2;
/** Of one answer: long enough that a disturbance of tenths of a second does not count. */
const ROUND_MS = 5_000;
/** Of the rounds: those after the second begin before this only. */
const BUDGET_MS = 25_000;
/** A token alone has no time from one to the next; of fewer than these a single slow one is most. */
const LEAST_ANSWER_TOKENS = 8;
/**
 * The first answers compile kernels, some only the second one's: of web-llm up to eleven times as slow. Warm-up ends when two
 * agree both in reading and in writing, at the cap, or when it has taken so long.
 */
const MOST_WARM_UPS = 5;
const WARM_AGREEMENT = 0.1;
const WARM_UP_MS = 60_000;

export type ModelSpeed = Pick<ModelMeasurement, 'runs' | 'voided' | 'spread' | 'stable'>;

/** Times a model that is in memory: a question of the usual length, several times. Errors: see `TimedAnswers.ask`. */
export async function modelSpeed(
  signal: AbortSignal,
  engine: Engine,
  { promptTokens, answerTokens }: ModelQuestion,
  { clock, visibility, onProgress }: ModelSpeedPorts,
): Promise<Outcome<ModelSpeed>> {
  const answers = new TimedAnswers(visibility);
  engine.setPacing(FULL_SPEED);
  const least = Math.min(LEAST_ANSWER_TOKENS, answerTokens);
  const warmingMs = clock.nowMs();
  let before: SpeedRun | null = null;
  let tokenMs = Infinity;
  for (let warmUp = 0; warmUp < MOST_WARM_UPS; warmUp += 1) {
    const warm = await answers.ask(signal, engine, promptTokens, least);
    if (!warm.ok) return warm;
    tokenMs = warm.value.decodeMs;
    if (before !== null && agree(before, warm.value)) break;
    if (clock.nowMs() - warmingMs >= WARM_UP_MS) break;
    before = warm.value;
  }
  const tokens = Math.min(answerTokens, Math.max(least, Math.round(ROUND_MS / tokenMs)));
  const startedMs = clock.nowMs();
  const runs: SpeedRun[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round >= LEAST_ROUNDS && clock.nowMs() - startedMs >= BUDGET_MS) break;
    onProgress(round / ROUNDS);
    const run = await answers.ask(signal, engine, promptTokens, tokens);
    if (!run.ok) return run;
    runs.push(run.value);
  }
  const spread = Math.max(
    median(spreadOf(runs.map(({ decodeMs }) => decodeMs))),
    median(spreadOf(runs.map(({ firstTokenMs }) => firstTokenMs))),
  );
  return ok({ runs, voided: answers.voided, spread, stable: spread <= STEADY_SPREAD });
}

function agree(one: SpeedRun, other: SpeedRun): boolean {
  const near = (a: number, b: number): boolean => Math.abs(a / b - 1) <= WARM_AGREEMENT;
  return near(one.decodeMs, other.decodeMs) && near(one.prefillMs, other.prefillMs);
}
