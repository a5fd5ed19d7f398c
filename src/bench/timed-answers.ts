import { err, ok } from '#kernel/result';
import { median } from '#kernel/statistics-order';
import type { SpeedRun } from '#contracts/capacity';
import type { Engine, Generation } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { VisibilityReader } from './visibility-log.ts';

/** A tab that is hidden again and again cannot be measured. */
const MOST_VOIDED = 4;

/** Answers of a fixed length, timed by the engine's own clock. */
export class TimedAnswers {
  readonly #visibility: VisibilityReader;
  #voided = 0;

  constructor(visibility: VisibilityReader) {
    this.#visibility = visibility;
  }

  /** Answers thrown away so far because the page was hidden meanwhile. */
  get voided(): number {
    return this.#voided;
  }

  /**
   * One answer, again as long as the page was hidden during it. Errors: cancelled, benchmark-void, engine-failed (it came
   * without figures), and those of `Engine.generate`.
   */
  async ask(
    signal: AbortSignal,
    engine: Engine,
    promptTokens: number,
    answerTokens: number,
  ): Promise<Outcome<SpeedRun>> {
    for (;;) {
      if (signal.aborted) return err(failure('cancelled'));
      const before = this.#visibility.read();
      const request = {
        // A token a letter.
        prompt: 'a'.repeat(promptTokens),
        maxTokens: answerTokens,
        temperature: 0,
        seed: 1,
        ignoreEos: true,
        cachePrompt: false,
      };
      const answered = await engine.generate(signal, request, () => undefined);
      if (signal.aborted) return err(failure('cancelled'));
      if (!answered.ok) return answered;
      const after = this.#visibility.read();
      if (!before.hidden && after.episodes === before.episodes) {
        const run = runOf(answered.value);
        return run === null ? err(noFigure()) : ok(run);
      }
      this.#voided += 1;
      if (this.#voided >= MOST_VOIDED)
        return err(failure('benchmark-void', { reason: 'the tab was hidden' }));
    }
  }
}

export const noFigure = (): ReturnType<typeof failure> => failure('engine-failed', { reason: 'no-figure' });

function runOf(answer: Generation): SpeedRun | null {
  const { promptTokens, completionTokens, prefillTokensPerSecond, decodeTokensPerSecond } = answer;
  if (!prefillTokensPerSecond || !decodeTokensPerSecond || answer.timeToFirstTokenMs === null) return null;
  return {
    promptTokens,
    prefillMs: (1000 * promptTokens) / prefillTokensPerSecond,
    contextTokens: promptTokens + completionTokens / 2,
    decodeMs: 1000 / decodeTokensPerSecond,
    firstTokenMs: answer.timeToFirstTokenMs,
  };
}

/** How far repeated times are from their median, shares; none of a single one. */
export function spreadOf(times: readonly number[]): number[] {
  const centre = median(times);
  return times.length < 2 ? [] : times.map((time) => Math.abs(time / centre - 1));
}
