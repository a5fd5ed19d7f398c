import * as v from 'valibot';
import { BACKENDS, ENGINE_KINDS } from './engine.ts';
import { BenchConditionsSchema, BenchEnvironmentSchema, BenchResultSchema, BENCH_TESTS } from './bench.ts';
import { HISTORY_VIEWS } from './conversation.ts';
import { DissentSchema, FrameSummarySchema, MEMBER_STATUSES, OUTCOMES } from './deliberation.ts';
import { EvalReportSchema } from './evaluation.ts';
import { EvidenceSchema } from './evidence.ts';
import { PredictReportSchema } from './capacity.ts';
import { ProbeReportSchema } from './hardware.ts';
import { CapacityPlanSchema } from './plan.ts';

/**
 * The documents of the headless driver, one per verb. Every document is parsed with its schema before it is printed.
 * Times in milliseconds, speeds in tokens per second, sizes in bytes. Fields may be added; none changes its meaning
 * without a new version.
 */
const figure = v.pipe(v.number(), v.finite());
const share = v.pipe(figure, v.minValue(0), v.maxValue(1));

export const ErrorDocumentSchema = v.object({
  schema: v.literal('witan.error'),
  version: v.literal(1),
  error: v.object({
    /** An `ErrorCode`, or one of the driver's own: `browser-missing`, `build-failed`, `page-failed`. */
    code: v.string(),
    message: v.string(),
    details: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
  }),
});
export type ErrorDocument = v.InferOutput<typeof ErrorDocumentSchema>;

export const AskMemberSchema = v.object({
  id: v.string(),
  name: v.string(),
  engine: v.picklist(ENGINE_KINDS),
  backend: v.picklist(BACKENDS),
  answer: v.string(),
  key: v.nullable(v.string()),
  status: v.picklist(MEMBER_STATUSES),
  tokens: figure,
  /** Milliseconds from the member's start to its first token; null when none came. */
  ttft: v.nullable(figure),
  tokensPerSecond: v.nullable(figure),
  duration: figure,
  /** Error code of a member that failed or was lost. */
  error: v.optional(v.string()),
  /** Earlier questions of the conversation that it was shown, and how many had no room; absent: it had none. */
  history: v.optional(v.object({ shown: figure, leftOut: figure })),
});

export const AskDocumentSchema = v.object({
  schema: v.literal('witan.ask'),
  version: v.literal(1),
  prompt: v.string(),
  /** null when the council has no answer: see `outcome`. */
  answer: v.nullable(v.string()),
  outcome: v.picklist(OUTCOMES),
  rule: v.string(),
  agreement: share,
  decidedEarly: v.boolean(),
  callsSaved: figure,
  members: v.array(AskMemberSchema),
  /** Ids of the members whose vote is missing. */
  missing: v.array(v.string()),
  dissent: v.array(DissentSchema),
  /** What votes counted, by member, where not all counted 1. */
  weights: v.optional(v.record(v.string(), figure)),
  /** Who was given the casting vote in a tie. */
  tieBreaker: v.optional(v.string()),
  /** What the answer rests on; absent where the app could not say. */
  evidence: v.optional(EvidenceSchema),
  /** From the question to the end of the round, members loaded. */
  wall: figure,
  /** From the question to the moment at which the answer was fixed; null without an answer. */
  decided: v.nullable(figure),
  /** Loading the members before the question; 0 when they were loaded. */
  load: figure,
  frames: FrameSummarySchema,
  recordId: v.string(),
  /** Whether the record is found in the history after the round. */
  recorded: v.boolean(),
  /** Present: nobody was asked; the answer, and the members' figures, are of an earlier round in this profile. */
  cached: v.optional(v.object({ roundId: v.string(), storedAt: figure, ageMs: figure })),
  seed: figure,
  /** The conversation that it is a turn of: its id, the turn's, and how many turns lead to it; null: it stands alone. */
  conversation: v.nullable(
    v.object({ id: v.string(), turnId: v.string(), turns: figure, view: v.picklist(HISTORY_VIEWS) }),
  ),
});
export type AskDocument = v.InferOutput<typeof AskDocumentSchema>;

export const BenchDocumentSchema = v.object({
  schema: v.literal('witan.bench-run'),
  version: v.literal(1),
  suite: v.string(),
  environment: BenchEnvironmentSchema,
  conditions: BenchConditionsSchema,
  tests: v.array(
    v.object({
      /** `member/test`. */
      name: v.string(),
      member: v.string(),
      test: v.picklist(BENCH_TESTS),
      unit: v.picklist(['tokens/s', 'ms']),
      samples: v.array(figure),
      median: figure,
      ci: v.tuple([figure, figure]),
      /** Coverage of `ci`, 0..1. */
      coverage: share,
    }),
  ),
  /** Micro-benchmark figures by name with the unit in the name; empty until the suite has any. */
  micro: v.record(v.string(), figure),
  score: v.optional(figure),
  /** Why there is no score. */
  scoreRefused: v.optional(v.string()),
  link: v.pipe(v.string(), v.url()),
  wall: figure,
});
export type BenchDocument = v.InferOutput<typeof BenchDocumentSchema>;

export const OpenDocumentSchema = v.object({
  schema: v.literal('witan.open'),
  version: v.literal(1),
  valid: v.literal(true),
  result: BenchResultSchema,
});
export type OpenDocument = v.InferOutput<typeof OpenDocumentSchema>;

export const SelfCheckSchema = v.object({
  name: v.string(),
  pass: v.boolean(),
  /** What was measured; null when the check failed before there was a figure. */
  figure: v.nullable(figure),
  unit: v.string(),
  /** What was seen, in words. */
  detail: v.string(),
});
export type SelfCheck = v.InferOutput<typeof SelfCheckSchema>;

export const SelftestDocumentSchema = v.object({
  schema: v.literal('witan.selftest'),
  version: v.literal(1),
  checks: v.pipe(v.array(SelfCheckSchema), v.minLength(1)),
  passed: figure,
  failed: figure,
  wall: figure,
  /** Present when a check failed, so that every document of a failure says what failed in one place. */
  error: v.optional(ErrorDocumentSchema.entries.error),
});
export type SelftestDocument = v.InferOutput<typeof SelftestDocumentSchema>;

/** A model of the store, as `models` shows it. */
export const ModelRowSchema = v.object({
  id: v.string(),
  name: v.string(),
  origin: v.picklist(['catalogue', 'import', 'address']),
  /** Kept and proved. */
  bytes: figure,
  /** Null while nobody has said. */
  totalBytes: v.nullable(figure),
  state: v.picklist(['new', 'partial', 'verified', 'suspect', 'tombstone']),
  /** Of all its files; null while a size is unknown. */
  chunks: v.nullable(figure),
  keptChunks: figure,
  verified: v.boolean(),
  pinned: v.boolean(),
  faults: figure,
});
export type ModelRow = v.InferOutput<typeof ModelRowSchema>;

export const ModelsDocumentSchema = v.object({
  schema: v.literal('witan.models'),
  version: v.literal(1),
  action: v.picklist(['list', 'get', 'verify', 'remove', 'import']),
  /** All for `list`, what is left for `remove`, else the one that was asked for. */
  models: v.array(ModelRowSchema),
  /** Of `get`: what came over the network. */
  bytesTransferred: v.optional(figure),
  /** Of `get`: bytes that were here before; 0 for a fresh download. */
  resumedAt: v.optional(figure),
  /** Of `get`: chunks that did not match any more and were fetched again. */
  repairedChunks: v.optional(figure),
  wall: figure,
});
export type ModelsDocument = v.InferOutput<typeof ModelsDocumentSchema>;

/** The history of the profile as a file, out or in. */
export const HistoryDocumentSchema = v.object({
  schema: v.literal('witan.history'),
  version: v.literal(1),
  action: v.picklist(['export', 'import']),
  /** Absolute path. */
  file: v.string(),
  bytes: figure,
  /** Of `export`: what the file holds. */
  exported: v.optional(v.object({ deliberations: figure, conversations: figure })),
  /** Of `import`: what became of its records; see `ImportReport`. */
  imported: v.optional(
    v.object({
      added: figure,
      unchanged: figure,
      merged: figure,
      conflicts: v.array(v.string()),
      refused: v.array(v.object({ list: v.string(), index: figure, path: v.string() })),
      trimmed: figure,
    }),
  ),
});
export type HistoryDocument = v.InferOutput<typeof HistoryDocumentSchema>;

/** Printed once the server listens; it ends with the process. */
export const ServeDocumentSchema = v.object({
  schema: v.literal('witan.serve'),
  version: v.literal(1),
  /** Base address for clients of OpenAI's protocol, without a slash at its end. */
  url: v.pipe(v.string(), v.url()),
  /** Names under which the council and its members are asked. */
  models: v.array(v.string()),
  /** Whether a bearer token is asked for. */
  token: v.boolean(),
  /** Questions that may wait. */
  queue: figure,
});
export type ServeDocument = v.InferOutput<typeof ServeDocumentSchema>;

export const ProbeDocumentSchema = ProbeReportSchema;
export const EvalDocumentSchema = EvalReportSchema;
export const PlanDocumentSchema = CapacityPlanSchema;

/** The document of each verb that exists so far. */
export const HEADLESS_SCHEMAS = {
  probe: ProbeDocumentSchema,
  plan: PlanDocumentSchema,
  predict: PredictReportSchema,
  ask: AskDocumentSchema,
  eval: EvalDocumentSchema,
  bench: BenchDocumentSchema,
  open: OpenDocumentSchema,
  models: ModelsDocumentSchema,
  history: HistoryDocumentSchema,
  selftest: SelftestDocumentSchema,
  serve: ServeDocumentSchema,
} as const;
export type Verb = keyof typeof HEADLESS_SCHEMAS;
export type VerbDocument<V extends Verb> = v.InferOutput<(typeof HEADLESS_SCHEMAS)[V]>;
