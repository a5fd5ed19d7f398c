import * as v from 'valibot';
import type { RemoteModel, RemoteServer } from '#contracts/remote';

const count = v.fallback(v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1))), null);

/** `GET /v1/models`: OpenAI's list, and what llama.cpp (`meta`), vLLM and SGLang (`max_model_len`) add to it. */
const ModelListSchema = v.object({
  data: v.nullish(
    v.array(
      v.object({
        id: v.string(),
        owned_by: v.fallback(v.nullish(v.string()), null),
        aliases: v.fallback(v.nullish(v.array(v.string())), null),
        max_model_len: count,
        meta: v.fallback(v.nullish(v.object({ n_ctx: count, n_ctx_train: count, n_vocab: count })), null),
      }),
    ),
  ),
});

export interface ModelList {
  readonly models: readonly RemoteModel[];
  readonly server: RemoteServer;
}

/** Owners as the servers write them: llama.cpp, vLLM, SGLang, Ollama (its library), LM Studio. */
const OWNERS: Readonly<Record<string, RemoteServer>> = {
  llamacpp: 'llama.cpp',
  vllm: 'vllm',
  sglang: 'sglang',
  library: 'ollama',
  organization_owner: 'lm-studio',
};

/** @returns null when `body` is no list of models; Ollama without any model answers `{"object":"list","data":null}` */
export function parseModelList(body: unknown): ModelList | null {
  const parsed = v.safeParse(ModelListSchema, body);
  if (!parsed.success || parsed.output.data === undefined) return null;
  const data = parsed.output.data ?? [];
  const server = data.map((model) => OWNERS[model.owned_by ?? '']).find((found) => found !== undefined);
  return {
    server: server ?? 'other',
    models: data.map(({ id, aliases, max_model_len, meta }) => ({
      id,
      aliases: aliases ?? [],
      // n_ctx is what the server was started with; the training context is only its upper bound.
      contextTokens: max_model_len ?? meta?.n_ctx ?? meta?.n_ctx_train ?? null,
      vocabularySize: meta?.n_vocab ?? null,
    })),
  };
}

/** The entry for `model`, null when it is not served. Ollama lists `name:latest` for what everybody calls `name`. */
export function findModel(list: ModelList, model: string): RemoteModel | null {
  return (
    list.models.find(({ id, aliases }) => id === model || aliases.includes(model)) ??
    list.models.find(({ id }) => id === `${model}:latest`) ??
    null
  );
}
