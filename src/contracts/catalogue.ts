import * as v from 'valibot';
import type { MlcSource } from './engine.ts';

const MIB = 2 ** 20;

/**
 * What web-llm's runtime asks of an adapter, by WebGPU limit, in the limit's own unit: the first figure that the adapter
 * has, never one between two, so an adapter that binds 512 MiB gives web-llm 128 MiB. An adapter below the last figure
 * is refused.
 * Source: `detectGPUDevice` of tvmjs in @mlc-ai/web-llm 0.2.86.
 */
export const WEB_LLM_LIMITS = {
  maxBufferSize: [1024 * MIB, 256 * MIB],
  maxStorageBufferBindingSize: [1024 * MIB, 128 * MIB],
  maxComputeWorkgroupStorageSize: [32 * 1024],
  maxStorageBuffersPerShaderStage: [10],
} as const;

export type WebLlmLimit = keyof typeof WEB_LLM_LIMITS;
export const WEB_LLM_LIMIT_NAMES = Object.keys(WEB_LLM_LIMITS) as readonly WebLlmLimit[];

/** What web-llm gets of a limit from an adapter that has `available` of it; null when that is too little. */
export function webLlmGrant(limit: WebLlmLimit, available: number): number | null {
  const steps: readonly number[] = WEB_LLM_LIMITS[limit];
  return steps.find((step) => step <= available) ?? null;
}

/** What an adapter must have of a limit, so that web-llm gets at least `wanted` of it. */
export function webLlmNeeds(limit: WebLlmLimit, wanted = 0): number {
  const steps: readonly number[] = WEB_LLM_LIMITS[limit];
  return steps.findLast((step) => step >= wanted) ?? wanted;
}

/**
 * Caches of the Cache API in which web-llm kept by URL what it had fetched, before the model store did. What is left there
 * is taken over by the store, or deleted with its model.
 */
export const WEB_LLM_CACHES = {
  weights: 'webllm/model',
  config: 'webllm/config',
  library: 'webllm/wasm',
} as const;
/** One model compiled for WebGPU, as `tools/catalogue` reads it from web-llm's own list. */
export const WebLlmModelSchema = v.object({
  /** web-llm's `model_id`. */
  id: v.string(),
  /** Whose architecture it is: members of one family err alike, whoever tuned them. */
  family: v.string(),
  /** `vision` models read pictures too. */
  kind: v.optional(v.picklist(['chat', 'vision']), 'chat'),
  /** As the name says it; null when the name does not. */
  parameters: v.nullable(v.number()),
  /** MLC's name: bits of a weight, type of the arithmetic, layout (q4f16_1). */
  quantization: v.pipe(v.string(), v.regex(/^q\d+f(16|32)(_\d+)?$/)),
  /** Graphics memory it takes at `contextTokens`, MiB: weights, key-value cache and scratch. */
  vramMiB: v.number(),
  contextTokens: v.number(),
  /** WebGPU features; `shader-f16` is inferred from the quantization, since most records leave it out. */
  requiredFeatures: v.array(v.string()),
  /** Smallest `maxStorageBufferBindingSize` that holds its largest tensor, bytes; null when the list does not say. */
  requiredBindingBytes: v.optional(v.nullable(v.number()), null),
  /** Folder of weights and configuration, relative to `weightsBase`. */
  weights: v.string(),
  /** Compiled library, relative to `libraryBase`. */
  library: v.string(),
  /** File in the weights folder through which the model must be loaded; null for most. */
  manifest: v.optional(v.nullable(v.string()), null),
  /** web-llm's overrides of the chat configuration, without `context_window_size`. */
  overrides: v.optional(v.record(v.string(), v.number()), {}),
  /** The same model computed in 32-bit floats, for adapters without `shader-f16`; null when there is none. */
  f32Twin: v.optional(v.nullable(v.string()), null),
});
export type WebLlmModel = v.InferOutput<typeof WebLlmModelSchema>;

/** `catalogue/web-llm.json`. */
export const WebLlmCatalogueSchema = v.object({
  schema: v.literal('witan.web-llm-catalogue'),
  version: v.literal(1),
  source: v.object({
    package: v.literal('@mlc-ai/web-llm'),
    version: v.string(),
    /** Generation of the model libraries; those of another one do not link. */
    libraries: v.string(),
  }),
  weightsBase: v.pipe(v.string(), v.url()),
  libraryBase: v.pipe(v.string(), v.url()),
  models: v.pipe(v.array(WebLlmModelSchema), v.minLength(1)),
});
export type WebLlmCatalogue = v.InferOutput<typeof WebLlmCatalogueSchema>;

/** A source that web-llm must load through a manifest: without it, it finds out only after the download. */
export interface ManifestSource extends MlcSource {
  /** File in the weights folder. */
  readonly manifest: string;
}

/** The manifest of a source; null for most. */
export function manifestOf(source: MlcSource): string | null {
  return 'manifest' in source && typeof source.manifest === 'string' ? source.manifest : null;
}

/** The folder of weights with a slash at its end, as files are looked up in it. */
export const folderOf = (model: Pick<MlcSource, 'weightsUrl'>): string =>
  model.weightsUrl.replace(/\/*$/, '/');
