import * as v from 'valibot';
import { ANSWER_KINDS } from './deliberation.ts';

/** `starter/council.json`: what `tools/starter` writes about the bundled models. Shares are 0..1. */
const accuracy = v.object({
  dev: v.number(),
  test: v.number(),
  byFamily: v.record(v.string(), v.object({ dev: v.number(), test: v.number() })),
});

export const StarterMemberSchema = v.object({
  id: v.string(),
  name: v.string(),
  file: v.string(),
  sizeBytes: v.number(),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  parameters: v.number(),
  layers: v.number(),
  embedding: v.number(),
  heads: v.number(),
  kvHeads: v.number(),
  feedForward: v.number(),
  vocabulary: v.number(),
  /** Tokens. */
  context: v.number(),
  quantization: v.string(),
  seed: v.number(),
  underweighted: v.array(v.string()),
  accuracy,
});
export type StarterMember = v.InferOutput<typeof StarterMemberSchema>;

export const StarterCouncilSchema = v.object({
  schema: v.literal('witan.starter-council'),
  version: v.literal(1),
  generated: v.string(),
  /** The exact words with which a member says that it cannot answer. */
  abstain: v.string(),
  members: v.pipe(v.array(StarterMemberSchema), v.minLength(1)),
});
export type StarterCouncil = v.InferOutput<typeof StarterCouncilSchema>;

export const QuestionSchema = v.object({
  id: v.string(),
  family: v.string(),
  level: v.number(),
  kind: v.picklist(ANSWER_KINDS),
  prompt: v.string(),
  answer: v.string(),
});
export type Question = v.InferOutput<typeof QuestionSchema>;

export const QuestionSetSchema = v.object({
  schema: v.literal('witan.question-set'),
  version: v.literal(1),
  split: v.picklist(['dev', 'test']),
  sha256: v.string(),
  questions: v.array(QuestionSchema),
});
export type QuestionSet = v.InferOutput<typeof QuestionSetSchema>;
