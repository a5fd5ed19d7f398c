import * as v from 'valibot';
import type { TokenLogprob } from '#contracts/engine';

/** What the server core answers, as far as we read it. Foreign bytes: parsed, never cast. */
const StartedSchema = v.object({ success: v.literal(true), req_id: v.number() });

const StepSchema = v.object({
  success: v.literal(true),
  has_more: v.boolean(),
  is_error: v.boolean(),
  data_json: v.string(),
});

const TimingsSchema = v.object({
  cache_n: v.number(),
  prompt_n: v.number(),
  prompt_per_second: v.nullish(v.number()),
  predicted_n: v.number(),
});

const LogprobsSchema = v.object({
  content: v.nullish(v.array(v.object({ token: v.string(), logprob: v.number() }))),
});

const ChunkSchema = v.object({
  choices: v.array(
    v.object({
      finish_reason: v.nullish(v.string()),
      delta: v.object({ content: v.nullish(v.string()) }),
      logprobs: v.nullish(LogprobsSchema),
    }),
  ),
  timings: v.nullish(TimingsSchema),
});

const EmbeddingSchema = v.object({
  data: v.tuple([v.object({ embedding: v.array(v.number()) })]),
  usage: v.object({ total_tokens: v.number() }),
});

const ErrorSchema = v.object({ message: v.string() });

export type Timings = v.InferOutput<typeof TimingsSchema>;

/** What one step told of an answer. */
export interface AnswerStep {
  readonly text: string;
  readonly logprobs: readonly TokenLogprob[];
  readonly finish: string | null;
  readonly timings: Timings | null;
}

/** Thrown for an error that the server core reports in place of a result; its message is the core's own. */
export class ReportedError extends Error {}

/** @returns the number of the request. @throws when it was not begun */
export function requestId(started: unknown): number {
  return v.parse(StartedSchema, started).req_id;
}

export interface StepResult {
  readonly hasMore: boolean;
  /** Parsed JSON; null when the step brought none. */
  readonly data: unknown;
}

/** @throws ReportedError, or ValiError for what is no result at all */
export function stepResult(step: unknown): StepResult {
  const { has_more: hasMore, is_error: isError, data_json: json } = v.parse(StepSchema, step);
  // 'null' only says that the request has begun.
  const data: unknown = json === '' ? null : JSON.parse(json);
  if (isError) throw new ReportedError(v.parse(ErrorSchema, data).message);
  return { hasMore, data };
}

/** Adds up the chunks of one result: the first comes with one that only names the role. */
export function answerStep(data: unknown): AnswerStep {
  const chunks = v.parse(v.array(ChunkSchema), Array.isArray(data) ? data : [data]);
  let text = '';
  let finish: string | null = null;
  let timings: Timings | null = null;
  const logprobs: TokenLogprob[] = [];
  for (const chunk of chunks) {
    const choice = chunk.choices[0];
    text += choice?.delta.content ?? '';
    finish = choice?.finish_reason ?? finish;
    timings = chunk.timings ?? timings;
    for (const { token, logprob } of choice?.logprobs?.content ?? []) logprobs.push({ token, logprob });
  }
  return { text, logprobs, finish, timings };
}

export function embeddingOf(data: unknown): { readonly vector: readonly number[]; readonly tokens: number } {
  const { data: found, usage } = v.parse(EmbeddingSchema, data);
  return { vector: found[0].embedding, tokens: usage.total_tokens };
}
