import type { Tier } from '#contracts/hardware';
import type { Goal } from '#contracts/plan';

/** What a council of a goal must keep to. */
export interface GoalLimits {
  /** From the question until all members have answered, ms; the upper end of what is expected. */
  readonly answerMs: number;
  readonly firstTokenMs: number;
  /** Of each member; tokens per second. */
  readonly tokensPerSecond: number;
  /** Answers of each member that may be drawn, most wanted first. */
  readonly samples: readonly number[];
}

/** Ten seconds is how long people keep their attention on something that shows nothing (Nielsen, Usability Engineering, 1993, §5). */
const FIRST_TOKEN_MS = 10_000;

/** Where people read along, and where nobody waits any more: as `PACES` of the contract says. */
const FLUENT = 5;
const BEARABLE = 1;

/**
 * Drawn more than once, a member shows whether it agrees with itself, which decides ties (research/council.md §2 A3). Three
 * is the least number that can say "mostly"; more gained little there.
 */
const REPEATED = [3, 1];

/** A minute and a half is what a person may wait for a considered answer, half a minute for a quick one: judgements. */
export const GOAL_LIMITS: Readonly<Record<Goal, GoalLimits>> = {
  speed: { answerMs: 30_000, firstTokenMs: FIRST_TOKEN_MS, tokensPerSecond: FLUENT, samples: [1] },
  balanced: {
    answerMs: 60_000,
    firstTokenMs: FIRST_TOKEN_MS,
    tokensPerSecond: BEARABLE,
    samples: REPEATED,
  },
  quality: { answerMs: 90_000, firstTokenMs: FIRST_TOKEN_MS, tokensPerSecond: BEARABLE, samples: REPEATED },
};

/**
 * Seats at most. Two or three members reach what a council reaches: accuracy peaks at two and is level at three
 * (SLM-MUX, research/council.md §2 A3). A fourth is tried where there is plenty.
 */
export const MOST_SEATS: Readonly<Record<Tier, number>> = { low: 3, mid: 3, high: 4 };

/**
 * Where a speed is not known, the tier says what may be tried: the largest models that the catalogue lists for it
 * (gguf.json: 1.2, 3 and, without a bound, 4 billion parameters), with a little room.
 */
export const MOST_PARAMETERS_UNMEASURED: Readonly<Record<Tier, number>> = {
  low: 1.5e9,
  mid: 3.5e9,
  high: Infinity,
};

/** Contexts that are tried, tokens, the largest first: the catalogue's, and its halves. */
export const CONTEXTS = [4096, 2048, 1024, 512] as const;
