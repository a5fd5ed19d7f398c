import * as v from 'valibot';
import { BACKENDS, ENGINE_KINDS, type ChatTurn } from './engine.ts';
import { ModelIdentitySchema } from './model-identity.ts';
import { MOST_WEIGHT, RULES, STOPS, type RuleName, type StopName } from './rules.ts';

/** What kind of short answer a question asks for. choice: one of the question's lettered options · free: no canonical form. */
export const ANSWER_KINDS = ['number', 'yes-no', 'word', 'list', 'day', 'date', 'choice', 'free'] as const;
export type AnswerKind = (typeof ANSWER_KINDS)[number];

/**
 * How a member's part in a round ended.
 * answered: a vote · abstained: it said that it cannot answer, or nothing that parses · cut: stopped because the vote
 * was decided · late: answered after the council had spoken · timeout: hard deadline · lost: its worker died ·
 * stopped: by the user · failed: a typed error.
 */
export const MEMBER_STATUSES = [
  'answered',
  'abstained',
  'cut',
  'late',
  'timeout',
  'lost',
  'stopped',
  'failed',
] as const;
export type MemberStatus = (typeof MEMBER_STATUSES)[number];

/**
 * decided: a plurality that no outstanding vote could overtake · tied: several keys lead; the answer is the one of
 * whoever has the casting vote, or else of the tied member with the best measured accuracy · partial: members are missing whose votes could have changed the
 * result · abstained: nobody had an answer · stopped: by the user before a result · failed: every member failed.
 */
export const OUTCOMES = ['decided', 'tied', 'partial', 'abstained', 'stopped', 'failed'] as const;
export type RoundOutcome = (typeof OUTCOMES)[number];

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const nullableNumber = v.nullable(v.pipe(v.number(), v.finite()));
const text = v.pipe(v.string(), v.maxLength(20_000));

export const FrameSummarySchema = v.object({
  /** Frames painted during the round. */
  count: v.number(),
  /** Frame intervals in milliseconds. */
  p50: v.number(),
  p95: v.number(),
  p99: v.number(),
  longest: v.number(),
});
export type FrameSummary = v.InferOutput<typeof FrameSummarySchema>;

export const MemberOutcomeSchema = v.object({
  id: v.string(),
  name: v.string(),
  engine: v.picklist(ENGINE_KINDS),
  backend: v.picklist(BACKENDS),
  status: v.picklist(MEMBER_STATUSES),
  /** Text as the member wrote it. */
  answer: text,
  /** Canonical key of the vote; null when there is none. */
  key: v.nullable(text),
  tokens: v.number(),
  /** Of the question as it was put to the member, template and conversation included; absent where nobody says. */
  promptTokens: v.optional(v.number()),
  /** Milliseconds from the member's start to its first token. */
  ttftMs: nullableNumber,
  tokensPerSecond: nullableNumber,
  /** Of its work; waiting for its turn is none of it. */
  durationMs: v.number(),
  /** Milliseconds for which others had what it needed; absent: none. */
  waitedMs: v.optional(v.number()),
  /** Where it was asked several times: its answers, in order; `arrival` in ms from the question. */
  samples: v.optional(
    v.array(
      v.object({
        index: count,
        key: v.nullable(text),
        answer: text,
        tokens: v.number(),
        confidence: v.nullable(share),
        arrival: v.number(),
        /** Its place among all answers of the round, 0 first; absent in records before it was written. */
        heardAs: v.optional(count),
      }),
    ),
  ),
  /** Error code when status is failed or lost. */
  error: v.optional(v.string()),
  /** How often its engine was lost and replaced during its part; absent: never. With `answered`: asked once more. */
  restarts: v.optional(v.number()),
  /** Measured accuracy that broke ties in this round, 0..1; absent in records before it was written. */
  accuracy: v.optional(share),
  /** Place of its part among those that ended, 0 first; absent in records before it was written. */
  endedAs: v.optional(count),
  /** Earlier turns of the conversation that it was shown, and how many of them its context had no room for. */
  history: v.optional(v.object({ shown: count, leftOut: count })),
  /** The model that spoke, as exactly as its engine can say. */
  model: v.optional(ModelIdentitySchema),
});
export type MemberOutcome = v.InferOutput<typeof MemberOutcomeSchema>;

export const DissentSchema = v.object({ key: text, answer: text, members: v.array(v.string()) });

/** One round of the council, as kept in IndexedDB and exported. */
export const DeliberationSchema = v.object({
  schema: v.literal('witan.deliberation'),
  version: v.literal(1),
  id: v.string(),
  /** Milliseconds since the Unix epoch. */
  askedAt: v.number(),
  prompt: text,
  answerKind: v.picklist(ANSWER_KINDS),
  rule: v.picklist(RULES),
  /** Answers that each member was to give; absent: one. */
  samplesEach: v.optional(count),
  /** Why this rule; absent where somebody named it. */
  ruleReasons: v.optional(v.array(v.string())),
  /** Decided in place of the rule, which had nothing to go by. */
  fallback: v.optional(v.picklist(RULES)),
  /** What might end the vote besides its exact stop; absent: nothing. */
  stop: v.optional(v.picklist(STOPS)),
  /** Orders in which members put each other's answers. */
  rankings: v.optional(v.array(v.object({ reviewerId: v.string(), order: v.array(v.string()) }))),
  /** The chairman, and the key that it chose; null: it chose none. */
  chair: v.optional(v.object({ memberId: v.string(), choice: v.nullable(text) })),
  /** What votes counted, by member, where not all counted 1; those that are not named did. */
  weights: v.optional(v.record(v.string(), v.pipe(v.number(), v.minValue(0), v.maxValue(MOST_WEIGHT)))),
  /** Member that the user gave the casting vote in a tie; absent: the one with the best measured accuracy has it. */
  tieBreaker: v.optional(v.string()),
  /** The user's own instructions for reviewers and the chairman; absent: ours. */
  instructions: v.optional(v.object({ review: v.optional(text), chairman: v.optional(text) })),
  /** What each stop would have saved, had the vote been heard to its end; absent where it was not. */
  shadow: v.optional(
    v.array(
      v.object({ stop: v.picklist(STOPS), callsSaved: count, tokensSaved: count, changed: v.boolean() }),
    ),
  ),
  outcome: v.picklist(OUTCOMES),
  /** The council's answer; null when there is none. */
  answer: v.nullable(text),
  key: v.nullable(text),
  /** Share of the valid votes that agree with the answer, 0..1. */
  agreement: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  /** True when the plurality was fixed before every member had finished. */
  decidedEarly: v.boolean(),
  /** Milliseconds from the question to the moment at which the answer was fixed; null without an answer. */
  decidedMs: nullableNumber,
  /** Member calls that were never finished because the vote was decided. */
  callsSaved: v.number(),
  members: v.array(MemberOutcomeSchema),
  dissent: v.array(DissentSchema),
  /** Ids of the members whose vote is missing. */
  missing: v.array(v.string()),
  /** True when a vote that arrived after the answer would have changed it. */
  lateWouldFlip: v.boolean(),
  wallMs: v.number(),
  frames: v.nullable(FrameSummarySchema),
  seed: v.number(),
  rating: v.optional(v.picklist(['good', 'bad'])),
  /** Parts that had ended when the answer was announced; null: it was not before the end. Absent in older records. */
  announcedAfter: v.optional(v.nullable(count)),
  /** Answers that had been heard by then, where members gave several. Absent in older records. */
  announcedAnswers: v.optional(count),
  /** The user ended the round. Absent in older records. */
  stoppedByUser: v.optional(v.boolean()),
  /**
   * Present: nobody was asked, this is the answer of an earlier round; the members' figures are of that round.
   * `storedAt` in milliseconds since the Unix epoch.
   */
  cached: v.optional(v.object({ roundId: v.string(), storedAt: v.number(), ageMs: v.number() })),
  /** The conversation that it is a turn of. */
  threadId: v.optional(v.string()),
});
export type Deliberation = v.InferOutput<typeof DeliberationSchema>;

/** What the page may choose for one question. */
export interface AskOptions {
  readonly members?: readonly string[];
  /** How one answer is made of theirs; `auto` and absent: chosen for the question. */
  readonly rule?: RuleName | 'auto';
  /** Answers of each member, 1 to 9; absent: 1. */
  readonly samples?: number;
  /** What may end the vote besides its exact stop, which is always on. */
  readonly stop?: StopName;
  /**
   * Who chooses under the rule `chairman` (absent: the best member), which `auto` takes for long texts when somebody is
   * named here. Under all other rules but `model-switch` its own answer wins a tie.
   */
  readonly chairman?: string;
  /**
   * Instructions for reviewers and the chairman, in place of ours: at most `INSTRUCTION_LIMIT` characters each. A blank one
   * is none.
   */
  readonly instructions?: { readonly review?: string; readonly chairman?: string };
  /**
   * What the votes of a member count under `plurality` and `confidence`, by its id: 0 to 10 in hundredths, absent: 1. Who has
   * 0 is heard and has no say. Of no account under other rules, which count no votes, and where all are alike.
   */
  readonly weights?: Readonly<Record<string, number>>;
  /**
   * Sends this question to members on servers too: to those named by their ids, or to all (`true`). Absent: they are not
   * asked, and nothing leaves the device. Under the rules `borda`, `kemeny` and `chairman` they also read the others'
   * answers.
   */
  readonly allowRemote?: boolean | readonly string[];
  readonly seed?: number;
  /** After this many ms the council may answer with a quorum. */
  readonly softDeadlineMs?: number;
  /** After this many ms the round ends with what there is. */
  readonly hardDeadlineMs?: number;
  /** Valid votes needed to answer at the soft deadline. */
  readonly quorum?: number;
  /** How long members still decoding may go on after the vote is decided. */
  readonly graceMs?: number;
  /** The conversation that the question goes on with; absent: it stands alone. */
  readonly threadId?: string;
  /** Earlier turns as each member is to see them, by its id. Absent: none. */
  readonly history?: Readonly<Record<string, MemberHistory>>;
  /** Ask the members even where the answer to the very same question is kept. */
  readonly fresh?: boolean;
}

/** What a member is shown of the conversation, oldest first, and how many turns its context had no room for. */
export interface MemberHistory {
  readonly turns: readonly ChatTurn[];
  /** Questions shown: each with its answer. */
  readonly shown: number;
  readonly leftOut: number;
}
