import type { Clock } from '#kernel/clock';
import type { Estimate } from '#contracts/estimate';

/** Of one answer of a member, milliseconds. */
export interface AnswerTimes {
  readonly p50: number;
  readonly p95: number;
}

/**
 * How long a run takes, ms. Members answer at the same time, each at its own pace, so the slowest sets the time; the best of
 * them is asked as often as all together, and which that is shows later: low, as if it were the quickest, high, the slowest.
 * The mean of many answers lies above half their median, and below what 19 of 20 keep.
 * @returns null without members
 */
export function runTime(times: readonly AnswerTimes[], questions: number, samples: number): Estimate | null {
  if (times.length === 0) return null;
  const slowest = (of: (each: AnswerTimes) => number, extra: number): number =>
    Math.max(
      ...times.map(
        (each, seat) => of(each) * samples * (times.length > 1 && seat === extra ? times.length : 1),
      ),
    );
  const seats = times.map((_, seat) => seat);
  const p50 = ({ p50 }: AnswerTimes): number => p50;
  const likely = seats.map((seat) => slowest(p50, seat));
  const median = questions * (likely.reduce((sum, each) => sum + each, 0) / likely.length);
  const low = (questions / 2) * Math.min(...likely);
  const high = questions * Math.max(...seats.map((seat) => slowest(({ p95 }) => p95, seat)));
  return { low, median, high: Math.max(median, high) };
}

/** Steps after which their mean says something. */
const LEAST_STEPS = 5;
/** Two-sided 90 %. */
const Z_90 = 1.645;

/** How long a run still takes, from the pace so far. */
export class TimeLeft {
  readonly #clock: Clock;
  readonly #stepsMs: number[] = [];
  #lastMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One more is done. @returns ms that those left take; null before there is a pace */
  step(left: number): Estimate | null {
    const nowMs = this.#clock.nowMs();
    if (this.#lastMs !== null) this.#stepsMs.push(nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    const { length } = this.#stepsMs;
    if (length < LEAST_STEPS) return null;
    const mean = this.#stepsMs.reduce((sum, each) => sum + each, 0) / length;
    const variance = this.#stepsMs.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (length - 1);
    // Of a sum of steps to come: the mean is known to 1/n, and each of them varies.
    const half = Z_90 * Math.sqrt(variance * (left ** 2 / length + left));
    const median = left * mean;
    return { low: Math.max(0, median - half), median, high: median + half };
  }
}
