import type { ChatCompletionRequestStreaming, ResponseFormat } from '@mlc-ai/web-llm';
import { err, ok } from '#kernel/result';
import type { GenerateRequest } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';

/** Modulus of tvmjs' random numbers (a Lehmer generator): a seed is reduced by it, and a negative one is refused. */
const SEED_MODULUS = 2 ** 31 - 1;
/** web-llm refuses 0, and takes nothing below this. The most probable token is always among what is left. */
const SMALLEST_TOP_P = 1e-5;

function responseFormat(request: GenerateRequest): ResponseFormat | undefined {
  if (request.grammar !== undefined) return { type: 'grammar', grammar: request.grammar };
  if (request.jsonSchema !== undefined)
    return { type: 'json_object', schema: JSON.stringify(request.jsonSchema) };
  return undefined;
}

/**
 * Temperature and nucleus. web-llm takes log-probabilities from the distribution after the temperature, which at 0 says
 * nothing (0 for the token, −∞ for all others). So a greedy request that asks for them runs at temperature 1 with a
 * nucleus that holds the most probable token only: the same token, with the model's own probability.
 */
function sampling(request: GenerateRequest): { temperature: number; top_p?: number } {
  if (request.logprobs === true && request.temperature === 0)
    return { temperature: 1, top_p: SMALLEST_TOP_P };
  const { temperature, topP } = request;
  return topP === undefined ? { temperature } : { temperature, top_p: Math.max(topP, SMALLEST_TOP_P) };
}

/**
 * A request in web-llm's words. All sampling goes with each request, so that no change of it reloads the model.
 * Errors: request-unsupported.
 */
export function chatRequest(
  request: GenerateRequest,
  model: string,
): Outcome<ChatCompletionRequestStreaming> {
  if (request.grammar !== undefined && request.jsonSchema !== undefined)
    return err(failure('request-unsupported', { model, reason: 'a grammar and a JSON schema at once' }));
  const format = responseFormat(request);
  const system = request.system === undefined || request.system === '' ? [] : [request.system];
  return ok({
    stream: true,
    stream_options: { include_usage: true },
    messages: [
      ...system.map((content) => ({ role: 'system' as const, content })),
      ...(request.history ?? []).map(({ role, content }) => ({ role, content })),
      { role: 'user', content: request.prompt },
    ],
    max_tokens: request.maxTokens,
    seed: Math.abs(Math.trunc(request.seed)) % SEED_MODULUS,
    ...sampling(request),
    // `logprobs` alone is taken without a word and gives none: web-llm counts on `top_logprobs` too.
    ...(request.logprobs === true ? { logprobs: true, top_logprobs: 1 } : {}),
    ...(request.ignoreEos === true ? { ignore_eos: true } : {}),
    ...(format === undefined ? {} : { response_format: format }),
  });
}
