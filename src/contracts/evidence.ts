import * as v from 'valibot';
import { SPLITS } from './calibration.ts';
import { MEMBER_STATUSES, type Deliberation } from './deliberation.ts';
import type { Outcome } from './errors.ts';
import { RULES, STOPS } from './rules.ts';

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const Ids = v.array(v.string());

/** Something that one or more members say, in the words of the best of them. */
export const PointSchema = v.object({ text: v.string(), members: Ids });
export type Point = v.InferOutput<typeof PointSchema>;

/** How many of so many answers were right, with its Wilson 95 % interval. */
export const RightSchema = v.object({ total: Count, correct: Count, ci95: v.tuple([Share, Share]) });
export type Right = v.InferOutput<typeof RightSchema>;

/** What a run on this device says of members when they agreed, and when they did not. */
export const MeasuredAgreementSchema = v.object({
  recordId: v.string(),
  split: v.picklist(SPLITS),
  /** Milliseconds since the Unix epoch. */
  at: v.number(),
  /** Those of the round that were heard: the run may have had more. */
  members: Ids,
  /** What decided in the replay: the round's rule where the run can carry it, else plurality. */
  rule: v.picklist(RULES),
  /** First answers of all of these members were one. */
  unanimous: RightSchema,
  /** They were not, or some had none. */
  divided: RightSchema,
  /** Which of the two this round is. */
  round: v.picklist(['unanimous', 'divided']),
});
export type MeasuredAgreement = v.InferOutput<typeof MeasuredAgreementSchema>;

/**
 * none: no run had all of these members as they are now · free-text: runs are on questions with one exact answer · server: a
 * member on a server was heard, and these are never measured · nobody: nobody was heard · storage: it could not be read.
 */
export const UNMEASURED = ['none', 'free-text', 'server', 'nobody', 'storage'] as const;

/** Why nobody can say what a stop would have saved: the rule compares texts · not heard to its end · an older record. */
export const STOPS_UNKNOWN = ['rule', 'unheard', 'older'] as const;

/**
 * What an answer of the council rests on, worked out from its record. It counts and compares; nothing in it says that the
 * answer is right, since models err alike (council research A7).
 */
export const EvidenceSchema = v.object({
  schema: v.literal('witan.evidence'),
  version: v.literal(1),
  recordId: v.string(),
  /** Every sample with a key is a vote. */
  votes: Count,
  /** Samples without one. */
  abstained: Count,
  /** Answers that mean the same, most votes first; of equals that of the better member. */
  clusters: v.array(
    v.object({
      key: v.string(),
      answer: v.string(),
      votes: Count,
      /** What these votes count together; absent where all count 1. */
      weight: v.optional(v.number()),
      /** Best first. */
      members: Ids,
      isAnswer: v.boolean(),
    }),
  ),
  /** Share of the votes that are for the answer; null without votes. */
  agreement: v.nullable(Share),
  /** 1 − H/ln N over the N votes: 1 all are one answer, 0 all differ; null below two votes. */
  concentration: v.nullable(Share),
  /** Kendall's W of the rankings: 1 reviewers agree, 0 they do not; null below two. */
  concordance: v.nullable(Share),
  /** Every vote is for the answer, and there are at least two. */
  unanimous: v.boolean(),
  /** Members without a vote, and how their part ended. */
  silent: v.array(
    v.object({ memberId: v.string(), status: v.picklist(MEMBER_STATUSES), error: v.optional(v.string()) }),
  ),
  /** Votes that never came and could have counted; null where all did. */
  partial: v.nullable(
    v.object({
      members: Ids,
      /** Those of them whose measured accuracy is above the mean of those that voted. */
      better: Ids,
    }),
  ),
  late: v.object({ members: Ids, wouldFlip: v.boolean() }),
  /** Of long texts: what they have in common, by their words; null for short answers, which the clusters compare. */
  comparison: v.nullable(
    v.object({
      /** Said by every member that answered, of at least two. */
      consensus: v.array(PointSchema),
      /** Points that cannot all hold. */
      contradictions: v.array(v.array(PointSchema)),
      /** Said by several, not by all. */
      partial: v.array(PointSchema),
      /** Said by one, while others answered. */
      unique: v.array(PointSchema),
      /** Words of the question that no answer takes up. */
      blindSpots: v.array(v.string()),
    }),
  ),
  /** Answers that were heard, and their tokens. */
  heard: v.object({ calls: Count, tokens: Count }),
  /** What each stop would have saved of these, and whether it would have changed the answer; or why nobody can say. */
  stops: v.union([
    v.array(
      v.object({ stop: v.picklist(STOPS), callsSaved: Count, tokensSaved: Count, changed: v.boolean() }),
    ),
    v.picklist(STOPS_UNKNOWN),
  ]),
  /** How often such answers were right on this device; or why that is not known. */
  measured: v.union([MeasuredAgreementSchema, v.picklist(UNMEASURED)]),
});
export type Evidence = v.InferOutput<typeof EvidenceSchema>;

/** What an answer rests on. */
export interface EvidencePort {
  /** Of any record, also of older ones, which tell less. Asks nobody, keeps nothing. */
  of(record: Deliberation): Promise<Outcome<Evidence>>;
}
