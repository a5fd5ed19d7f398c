import { err, ok } from '#kernel/result';
import type { GenerateRequest } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { RemoteServer } from '#contracts/remote';
import type { About } from './remote-errors.ts';

/**
 * The body of `POST /v1/chat/completions`.
 *
 * Beyond OpenAI's protocol only what the server is known to take (some refuse unknown fields, others ignore them):
 *
 * | field of the request | llama.cpp | vLLM | SGLang | Ollama, LM Studio, other |
 * |---|---|---|---|---|
 * | `grammar` (GBNF) | `grammar` | `structured_outputs.grammar` (vLLM ≥ 0.11) | `ebnf` | left out: the answer is free |
 * | `jsonSchema` | `response_format` of type `json_schema`, everywhere | | | |
 * | `ignoreEos` | `ignore_eos` | `ignore_eos` | `ignore_eos` | left out |
 * | `cachePrompt` | `cache_prompt` | its own choice | its own choice | its own choice |
 *
 * Sources: llama.cpp tools/server/README.md; vLLM "Structured Outputs" (`guided_grammar` was removed in 0.12.0);
 * SGLang "Structured Outputs" (its XGrammar reads GBNF, as vLLM's does).
 * Errors: request-unsupported (a grammar and a JSON schema at once).
 * @param model the name under which the server knows it
 */
export function chatBody(
  request: GenerateRequest,
  model: string,
  about: About,
  server: RemoteServer,
): Outcome<object> {
  if (request.grammar !== undefined && request.jsonSchema !== undefined) {
    return err(failure('request-unsupported', { ...about, reason: 'a grammar and a JSON schema at once' }));
  }
  return ok({
    model,
    messages: [
      ...(request.system === undefined ? [] : [{ role: 'system', content: request.system }]),
      ...(request.history ?? []),
      { role: 'user', content: request.prompt },
    ],
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: request.maxTokens,
    temperature: request.temperature,
    seed: request.seed,
    ...(request.topP === undefined ? {} : { top_p: request.topP }),
    ...(request.logprobs === true ? logprobFields(server) : {}),
    ...(request.jsonSchema === undefined
      ? {}
      : {
          response_format: {
            type: 'json_schema',
            json_schema: { name: 'answer', strict: true, schema: request.jsonSchema },
          },
        }),
    ...(request.grammar === undefined ? {} : grammarField(request.grammar, server)),
    ...(request.ignoreEos === true && takesIgnoreEos(server) ? { ignore_eos: true } : {}),
    ...(request.cachePrompt !== undefined && server === 'llama.cpp'
      ? { cache_prompt: request.cachePrompt }
      : {}),
  });
}

/** llama.cpp sends the twenty likeliest tokens with each unless told otherwise: 1.6 KB a token; none with 0. */
function logprobFields(server: RemoteServer): object {
  return server === 'llama.cpp' ? { logprobs: true, top_logprobs: 1 } : { logprobs: true };
}

function grammarField(grammar: string, server: RemoteServer): object {
  switch (server) {
    case 'llama.cpp':
      return { grammar };
    case 'vllm':
      return { structured_outputs: { grammar } };
    case 'sglang':
      return { ebnf: grammar };
    default:
      return {};
  }
}

function takesIgnoreEos(server: RemoteServer): boolean {
  return server === 'llama.cpp' || server === 'vllm' || server === 'sglang';
}
