import * as v from 'valibot';
import { ANSWER_KINDS } from './deliberation.ts';
import { BACKENDS } from './engine.ts';
import { RULES, type Sample } from './rules.ts';

const Figure = v.pipe(v.number(), v.finite());
const Amount = v.pipe(Figure, v.minValue(0));
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Share = v.pipe(Figure, v.minValue(0), v.maxValue(1));
const Text = v.pipe(v.string(), v.maxLength(20_000));
const Name = v.pipe(v.string(), v.minLength(1), v.maxLength(400));
const Interval = v.tuple([Figure, Figure]);
const Tally = v.object({ total: Count, correct: Count });

/** dev: for choosing · test: for judging what was chosen · own: questions that the user brought. */
export const SPLITS = ['dev', 'test', 'own'] as const;
export type Split = (typeof SPLITS)[number];

/** One answer of one member, asked to its end. */
export const RecordedSampleSchema = v.object({
  memberId: Name,
  /** 0: decoded greedily; from 1 on: drawn at the record's temperature, with a seed of its own. */
  index: Count,
  key: v.nullable(Text),
  text: Text,
  tokens: Count,
  /** Geometric mean of the probabilities of its tokens; null where the engine gives none. */
  confidence: v.nullable(Share),
  /** Milliseconds after the member was first asked this question, its earlier answers to it included. */
  arrival: Amount,
  /** Milliseconds that this answer took. */
  durationMs: Amount,
  /** It said, in the agreed words, that it cannot answer. */
  abstained: v.boolean(),
  /** Why it could not be asked this question; only for what lies in the question (too long for its context). */
  error: v.optional(v.string()),
});
export type RecordedSample = v.InferOutput<typeof RecordedSampleSchema> & Sample;

export const RecordedQuestionSchema = v.object({
  id: Name,
  family: Name,
  kind: v.picklist(ANSWER_KINDS),
  prompt: Text,
  answer: Text,
});
export type RecordedQuestion = v.InferOutput<typeof RecordedQuestionSchema>;

/** One question and every answer to it: nobody was cut off. */
export const RecordedBallotSchema = v.object({
  schema: v.literal('witan.calibration-ballot'),
  version: v.literal(1),
  question: RecordedQuestionSchema,
  samples: v.array(RecordedSampleSchema),
});
export type RecordedBallot = v.InferOutput<typeof RecordedBallotSchema>;

export const RecordedMemberSchema = v.object({
  id: Name,
  name: Name,
  backend: v.picklist(BACKENDS),
  /** What answers behind the id: another model or another quantization is another member. */
  fingerprint: v.string(),
  /** Accuracy that was known before, of the dev split; 0 where none was. Never of the split under test. */
  devAccuracy: Share,
});
export type RecordedMember = v.InferOutput<typeof RecordedMemberSchema>;

/** What a record is of. Two with the same `id` were asked the same things in the same way. */
export const RecordHeadSchema = v.object({
  schema: v.literal('witan.calibration'),
  version: v.literal(1),
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  split: v.picklist(SPLITS),
  questionSetSha256: v.string(),
  seed: Count,
  /** Answers drawn of each member and question. */
  samples: v.pipe(Count, v.minValue(1)),
  /** The member that was asked as often as all others together, for the arm of equal calls; null without one. */
  extra: v.nullable(v.object({ memberId: Name, samples: Count })),
  temperature: Amount,
  members: v.array(RecordedMemberSchema),
  /** Machine and browser that the times hold for. */
  machine: v.string(),
  /** Milliseconds since the Unix epoch. */
  startedAt: Amount,
});
export type RecordHead = v.InferOutput<typeof RecordHeadSchema>;

/** What was measured of one member on this device. */
export const MemberCalibrationSchema = v.object({
  memberId: Name,
  fingerprint: v.string(),
  /** By its greedy answers. */
  ...Tally.entries,
  accuracy: Share,
  /** Wilson 95 % interval. */
  ci95: Interval,
  byFamily: v.record(v.string(), Tally),
  byKind: v.record(v.string(), Tally),
  /** Of one answer, milliseconds, with all other members answering at the same time. */
  latencyMs: v.object({ p50: Amount, p95: Amount }),
  /** Of one answer, mean. */
  tokens: Amount,
});
export type MemberCalibration = v.InferOutput<typeof MemberCalibrationSchema>;

/** A council that was replayed on the record. */
export const CouncilTrialSchema = v.object({
  members: v.array(Name),
  ...Tally.entries,
  accuracy: Share,
  ci95: Interval,
  /** Share of questions that at least one member has right. */
  union: Share,
  /** Share of questions in which a member is at one with itself and wrong while another member is right. */
  contradiction: Share,
  /** union − λ · contradiction. */
  objective: Figure,
});
export type CouncilTrial = v.InferOutput<typeof CouncilTrialSchema>;

/**
 * better, worse: than its best member alone, the whole interval on that side · no-worse: by no more than one point, at the
 * end of the interval · cannot-tell: the questions are too few.
 */
export const RECOMMENDATION_VERDICTS = ['better', 'no-worse', 'worse', 'cannot-tell'] as const;

/**
 * best: all others are measured against it · fits · refused: more than 10 points below the best · cannot-tell: by the
 * figures it fits, and their interval reaches beyond.
 */
export const ADMISSIONS = ['best', 'fits', 'cannot-tell', 'refused'] as const;

export const RecommendationSchema = v.object({
  rule: v.picklist(RULES),
  lambda: Figure,
  questions: Count,
  /** Best first; not more than the twenty best. Empty where fewer than two members fit. */
  councils: v.array(CouncilTrialSchema),
  admissions: v.array(
    v.object({
      memberId: Name,
      accuracy: Share,
      /** To the best member, in points; with its paired bootstrap 95 % interval, or ±3/n where no question tells them apart. */
      differencePoints: Figure,
      ci95: Interval,
      admission: v.picklist(ADMISSIONS),
      /** The whole interval says so. */
      certain: v.boolean(),
    }),
  ),
  /** First of `councils` against the best member alone; null where there is none. */
  versusAlone: v.nullable(
    v.object({
      memberId: Name,
      differencePoints: Figure,
      ci95: Interval,
      p: Share,
      verdict: v.picklist(RECOMMENDATION_VERDICTS),
    }),
  ),
  /** How often no council is better than the first when the questions are drawn again with replacement, 0..1. */
  stability: v.nullable(Share),
  /** Questions that would show a difference of 5 points in 4 of 5 runs, at the discordance seen here. */
  questionsNeeded: v.nullable(Count),
});
export type Recommendation = v.InferOutput<typeof RecommendationSchema>;

/** What a record says of the members of this device. Kept beside it. */
export const CalibrationSchema = v.object({
  schema: v.literal('witan.calibration-result'),
  version: v.literal(1),
  recordId: v.string(),
  split: v.picklist(SPLITS),
  machine: v.string(),
  questions: Count,
  samples: Count,
  /** Milliseconds since the Unix epoch. */
  at: Amount,
  members: v.array(MemberCalibrationSchema),
  recommendation: RecommendationSchema,
});
export type Calibration = v.InferOutput<typeof CalibrationSchema>;

/** What an evaluation asks, and how. */
export interface EvaluationOptions {
  /** The first so many of the set. */
  readonly questions: number;
  /** Of the bundled questions; not looked at with `own`. */
  readonly split: 'dev' | 'test';
  readonly seed: number;
  /** Answers of each member to each question, 1..20; absent: 1. */
  readonly samples?: number;
  /** The user's own questions as JSON lines, instead of the bundled ones. */
  readonly own?: string;
}

/** A record and how far it has come. */
export interface KeptRecord {
  readonly head: RecordHead;
  readonly questions: number;
  /** It was made on another device, or in another browser. */
  readonly elsewhere?: boolean;
}
