import * as v from 'valibot';
import { CalibrationSchema, SPLITS } from './calibration.ts';
import { RULES, STOPS } from './rules.ts';

const Tally = v.object({ total: v.number(), correct: v.number() });

export const EvalArmSchema = v.object({
  /**
   * `member:ID`, `mean-member`, `best-member`, `best-member-equal-calls`, `rule:NAME`, `oracle`. Where each member was asked
   * several times, `@1` stands behind the arms that look at the first answers alone.
   */
  name: v.string(),
  correct: v.number(),
  total: v.number(),
  accuracy: v.number(),
  /** Wilson 95 % interval. */
  ci95: v.tuple([v.number(), v.number()]),
  calls: v.number(),
  tokens: v.number(),
  abstained: v.number(),
});
export type EvalArm = v.InferOutput<typeof EvalArmSchema>;

export const EvalPairSchema = v.object({
  a: v.string(),
  b: v.string(),
  /** Accuracy of a minus accuracy of b, in points (0..100 scale). */
  differencePoints: v.number(),
  /** Paired bootstrap 95 % interval in points, 10,000 resamples, seeded. */
  ci95: v.tuple([v.number(), v.number()]),
  /** Exact McNemar, two-sided. */
  p: v.number(),
  /** p after Holm's correction for all pairs of this report. */
  pHolm: v.number(),
});
export type EvalPair = v.InferOutput<typeof EvalPairSchema>;

/** What a stop would have saved a vote, if its voters were asked one after the other, in seeded random orders. */
export const StopReplaySchema = v.object({
  stop: v.picklist(STOPS),
  /** That decides the vote. */
  rule: v.picklist(RULES),
  /**
   * members: one vote each, the greedy one · samples: first answers first, then second ones, of all members ·
   * best-member: answers of the best member alone.
   */
  of: v.picklist(['members', 'samples', 'best-member']),
  voters: v.number(),
  /** Questions times orders: what `changedAnswers` and the correct ones are counted in. */
  replays: v.number(),
  calls: v.number(),
  callsSaved: v.number(),
  tokens: v.number(),
  tokensSaved: v.number(),
  changedAnswers: v.number(),
  /** Without the stop, and with it. */
  correctFull: v.number(),
  correctStopped: v.number(),
});
export type StopReplay = v.InferOutput<typeof StopReplaySchema>;

/**
 * The headless document of `witan eval`. With the same seed it is the same, save for what is a time or hangs on one:
 * `earlyStop`, `wallMs`, and the latencies and the date of `calibration`.
 */
export const EvalReportSchema = v.object({
  schema: v.literal('witan.eval'),
  version: v.literal(1),
  split: v.picklist(SPLITS),
  questionSetSha256: v.string(),
  questions: v.number(),
  seed: v.number(),
  /** Answers of each member to each question. */
  samples: v.number(),
  /** Of all answers but the first. */
  temperature: v.number(),
  /** The rule that a council of these members uses by default: `byFamily`, `divided` and `confidence` are of it. */
  defaultRule: v.picklist(RULES),
  arms: v.array(EvalArmSchema),
  pairs: v.array(EvalPairSchema),
  /** Short answers that parsed to a key, over all short answers asked for, 0..1. An abstention counts as parsed. */
  parsedShare: v.number(),
  earlyStop: v.object({
    /** Calls the exact stop would have saved, replayed on the members' first answers in arrival order. */
    callsSaved: v.number(),
    calls: v.number(),
    /** Answers that would have changed: 0 by construction, counted all the same. */
    changedAnswers: v.number(),
  }),
  stops: v.array(StopReplaySchema),
  /** First answers of all members are one. */
  unanimous: Tally,
  divided: Tally,
  /** Pairs of members whose first answers are both wrong, and how many of these say the same. */
  wrongTogether: v.object({ pairs: v.number(), same: v.number() }),
  /** How well the share of agreeing votes tells right answers from wrong ones. */
  riskCoverage: v.object({
    /** Chance that a right answer has more agreement than a wrong one, ties counting half; null without both kinds. */
    auroc: v.nullable(v.number()),
    /** Of the questions with at least this agreement: their share of all, and how many are right. */
    points: v.array(v.object({ agreement: v.number(), ...Tally.entries, coverage: v.number() })),
  }),
  /** `correct` is of the default rule, `arms` of every arm. */
  byFamily: v.record(v.string(), v.object({ ...Tally.entries, arms: v.record(v.string(), v.number()) })),
  /** What the record says of the members on this device, and whom it recommends. */
  calibration: CalibrationSchema,
  /** Of this run: what was asked before and kept is not in it. */
  wallMs: v.number(),
});
export type EvalReport = v.InferOutput<typeof EvalReportSchema>;
