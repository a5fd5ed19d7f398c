import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import { manifestOf, webLlmNeeds, WEB_LLM_CACHES } from '#contracts/catalogue';
import type { MlcSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';
import type { Shard } from './web-llm-downloads.ts';
import { webLlmFailure } from './web-llm-errors.ts';
import { folderOf, forgetArtifacts, keptJson } from './web-llm-store.ts';

/** `tensor-cache.json`: the shards of the weights and the tensors in each. */
const TensorListSchema = v.object({
  records: v.pipe(
    v.array(
      v.object({
        dataPath: v.string(),
        nbytes: v.number(),
        records: v.array(v.object({ nbytes: v.number(), dtype: v.string(), format: v.string() })),
      }),
    ),
    v.minLength(1),
  ),
});

/** Where a model with a manifest has its list of tensors, if elsewhere. */
const ManifestSchema = v.object({
  weights: v.optional(v.object({ manifest: v.optional(v.string()) })),
});

export interface TensorSizes {
  /** All weights in graphics memory, bytes. */
  readonly totalBytes: number;
  /** The largest tensor, bytes. */
  readonly largestBytes: number;
  /** The files they come in. */
  readonly shards: readonly Shard[];
}

/** Bytes of a tensor in graphics memory: 32-bit floats may travel as 16-bit ones. */
const bytesOf = (tensor: { nbytes: number; dtype: string; format: string }): number =>
  tensor.format === 'f32-to-bf16' && tensor.dtype === 'float32' ? 2 * tensor.nbytes : tensor.nbytes;

/**
 * Reads the list of tensors, from web-llm's own cache and into it, so that it is not fetched twice.
 * @param mayFetch otherwise null is the answer when it is not kept
 * Errors: model-fetch-failed; model-invalid with reason `tensor-list`, and then nothing of the model stays.
 */
export async function readTensorSizes(model: MlcSource): Promise<Outcome<TensorSizes>>;
export async function readTensorSizes(
  model: MlcSource,
  mayFetch: boolean,
): Promise<Outcome<TensorSizes | null>>;
export async function readTensorSizes(
  model: MlcSource,
  mayFetch = true,
): Promise<Outcome<TensorSizes | null>> {
  let url: URL;
  let list: unknown;
  try {
    const manifest = manifestOf(model);
    url = new URL('tensor-cache.json', folderOf(model));
    if (manifest !== null) {
      const manifestUrl = new URL(manifest, folderOf(model));
      const parsed = v.safeParse(
        ManifestSchema,
        await keptJson(WEB_LLM_CACHES.config, manifestUrl, mayFetch),
      );
      url = new URL((parsed.success ? parsed.output.weights?.manifest : undefined) ?? url, folderOf(model));
    }
    list = await keptJson(WEB_LLM_CACHES.weights, url, mayFetch);
  } catch (thrown) {
    const mapped = webLlmFailure(thrown, model.name);
    if (mapped.code === 'model-invalid') await forgetArtifacts(model, 'all');
    return err(
      mapped.code === 'engine-failed' ? failure('model-fetch-failed', mapped.details, thrown) : mapped,
    );
  }
  if (list === undefined && !mayFetch) return ok(null);
  const details = { model: model.name, reason: 'tensor-list' };
  const parsed = parseWith(TensorListSchema, list, 'model-invalid', details);
  if (!parsed.ok) {
    await forgetArtifacts(model, 'all');
    return parsed;
  }
  const { records } = parsed.value;
  const sizes = records.flatMap((shard) => shard.records.map(bytesOf));
  return ok({
    totalBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    largestBytes: sizes.reduce((most, bytes) => Math.max(most, bytes), 0),
    shards: records.map(({ dataPath, nbytes }) => ({ url: new URL(dataPath, url).href, bytes: nbytes })),
  });
}

/** Errors: feature-missing, when the largest tensor cannot be bound whole, as every kernel of MLC binds its weights. */
export function checkTensors(
  model: MlcSource,
  sizes: TensorSizes,
  maxStorageBufferBindingSize: number,
): Outcome<null> {
  if (sizes.largestBytes <= maxStorageBufferBindingSize) return ok(null);
  return err(
    failure('feature-missing', {
      model: model.name,
      feature: 'maxStorageBufferBindingSize',
      needed: webLlmNeeds('maxStorageBufferBindingSize', sizes.largestBytes),
      available: maxStorageBufferBindingSize,
    }),
  );
}
