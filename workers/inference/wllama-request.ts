import { err, ok } from '#kernel/result';
import type { GenerateRequest } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';

/** Body of a chat completion as llama.cpp's server core reads it. */
export type ChatBody = Readonly<Record<string, unknown>>;

/** Candidates listed beside each token; we want only the token's own figure, which the list's first place may not be. */
const TOP_LOGPROBS = 1;

/**
 * The body of a request, or what is wrong with it. llama.cpp answers a field that it cannot read with an exception, and
 * silently drops a grammar that comes with a schema.
 * Errors: request-unsupported, with the reason.
 */
export function chatBody(request: GenerateRequest, model: string): Outcome<ChatBody> {
  const refuse = (reason: string): Outcome<ChatBody> =>
    err(failure('request-unsupported', { model, reason }));
  if (!Number.isInteger(request.maxTokens) || request.maxTokens < 1) return refuse('max-tokens');
  if (!(request.temperature >= 0) || !Number.isFinite(request.temperature)) return refuse('temperature');
  if (!Number.isInteger(request.seed)) return refuse('seed');
  const { topP } = request;
  if (topP !== undefined && !(topP >= 0 && topP <= 1)) return refuse('top-p');
  if (request.grammar !== undefined && request.jsonSchema !== undefined) return refuse('grammar-and-schema');
  return ok({
    messages: messagesOf(request),
    stream: true,
    max_tokens: request.maxTokens,
    temperature: request.temperature,
    // llama.cpp takes 32 bits, and all ones for "choose one yourself".
    seed: (request.seed >>> 0) % 0xffff_ffff,
    cache_prompt: request.cachePrompt ?? true,
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(request.grammar === undefined ? {} : { grammar: request.grammar }),
    ...(request.jsonSchema === undefined ? {} : { response_format: schemaFormat(request.jsonSchema) }),
    ...(request.logprobs === true ? { logprobs: true, top_logprobs: TOP_LOGPROBS } : {}),
    ...(request.ignoreEos === true ? { ignore_eos: true } : {}),
  });
}

/** A lone half of a surrogate pair is no text to llama.cpp's JSON reader; it becomes U+FFFD, as on any way out of JS. */
function messagesOf({ system, history = [], prompt }: GenerateRequest): readonly object[] {
  return [
    ...(system === undefined ? [] : [{ role: 'system', content: system.toWellFormed() }]),
    ...history.map(({ role, content }) => ({ role, content: content.toWellFormed() })),
    { role: 'user', content: prompt.toWellFormed() },
  ];
}

function schemaFormat(schema: Readonly<Record<string, unknown>>): object {
  return { type: 'json_schema', json_schema: { name: 'answer', schema } };
}
