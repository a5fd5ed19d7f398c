import * as v from 'valibot';

export const EvalArmSchema = v.object({
  /** `member:ID`, `mean-member`, `best-member`, `rule:plurality`, `oracle`. */
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
});
export type EvalPair = v.InferOutput<typeof EvalPairSchema>;

/** The headless document of `witan eval`. */
export const EvalReportSchema = v.object({
  schema: v.literal('witan.eval'),
  version: v.literal(1),
  split: v.picklist(['dev', 'test']),
  questionSetSha256: v.string(),
  questions: v.number(),
  seed: v.number(),
  arms: v.array(EvalArmSchema),
  pairs: v.array(EvalPairSchema),
  /** Short answers that parsed to a key, over all short answers asked for, 0..1. An abstention counts as parsed. */
  parsedShare: v.number(),
  earlyStop: v.object({
    /** Calls the exact stop would have saved, replayed on the recorded ballots in arrival order. */
    callsSaved: v.number(),
    calls: v.number(),
    /** Answers that would have changed: 0 by construction, counted all the same. */
    changedAnswers: v.number(),
  }),
  unanimous: v.object({ total: v.number(), correct: v.number() }),
  divided: v.object({ total: v.number(), correct: v.number() }),
  byFamily: v.record(v.string(), v.object({ total: v.number(), correct: v.number() })),
  wallMs: v.number(),
});
export type EvalReport = v.InferOutput<typeof EvalReportSchema>;
