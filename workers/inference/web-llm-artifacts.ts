import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import { webLlmNeeds } from '#contracts/catalogue';
import type { MlcSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';
import { webLlmFailure } from './web-llm-errors.ts';

/**
 * web-llm keeps what it fetched in these caches of the Cache API, by URL. It, and this file, use no more of `caches` than
 * `open` and `match`, `add`, `keys`, `delete`, so another store can take its place in the worker.
 */
const CACHES = { weights: 'webllm/model', config: 'webllm/config', library: 'webllm/wasm' } as const;

/** `tensor-cache.json`: the shards of the weights and the tensors in each. */
const TensorListSchema = v.object({
  records: v.pipe(
    v.array(
      v.object({
        records: v.array(v.object({ nbytes: v.number(), dtype: v.string(), format: v.string() })),
      }),
    ),
    v.minLength(1),
  ),
});

export interface TensorSizes {
  /** All weights in graphics memory, bytes. */
  readonly totalBytes: number;
  /** The largest tensor, bytes. */
  readonly largestBytes: number;
}

/** The folder of weights with a slash at its end, as files are looked up in it. */
const folderOf = (model: MlcSource): string => model.weightsUrl.replace(/\/*$/, '/');

/** Bytes of a tensor in graphics memory: 32-bit floats may travel as 16-bit ones. */
const bytesOf = (tensor: { nbytes: number; dtype: string; format: string }): number =>
  tensor.format === 'f32-to-bf16' && tensor.dtype === 'float32' ? 2 * tensor.nbytes : tensor.nbytes;

/**
 * Reads the list of tensors, from web-llm's own cache and into it, so that it is not fetched twice.
 * Errors: model-fetch-failed; model-invalid with reason `tensor-list`.
 */
export async function readTensorSizes(model: MlcSource): Promise<Outcome<TensorSizes>> {
  const request = new Request(new URL('tensor-cache.json', folderOf(model)));
  let list: unknown;
  try {
    const cache = await caches.open(CACHES.weights);
    if ((await cache.match(request)) === undefined) await cache.add(request);
    list = await (await cache.match(request))?.json();
  } catch (thrown) {
    const mapped = webLlmFailure(thrown, model.name);
    if (mapped.code === 'model-invalid') await forgetArtifacts(model, 'all');
    return err(
      mapped.code === 'engine-failed' ? failure('model-fetch-failed', mapped.details, thrown) : mapped,
    );
  }
  const details = { model: model.name, reason: 'tensor-list' };
  const parsed = parseWith(TensorListSchema, list, 'model-invalid', details);
  if (!parsed.ok) {
    await forgetArtifacts(model, 'all');
    return parsed;
  }
  const sizes = parsed.value.records.flatMap((shard) => shard.records.map(bytesOf));
  return ok({
    totalBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    largestBytes: sizes.reduce((most, bytes) => Math.max(most, bytes), 0),
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

/** Drops fetched files, so that the next load fetches them again: damaged ones would fail for ever. Never rejects. */
export async function forgetArtifacts(model: MlcSource, which: 'all' | 'library'): Promise<void> {
  const ours = (url: string): boolean =>
    url === model.libraryUrl || (which === 'all' && url.startsWith(folderOf(model)));
  const names = which === 'all' ? Object.values(CACHES) : [CACHES.library];
  for (const name of names) {
    try {
      const cache = await caches.open(name);
      const kept = await cache.keys();
      await Promise.all(kept.filter((request) => ours(request.url)).map((request) => cache.delete(request)));
    } catch {
      // A store that cannot be opened keeps nothing either.
    }
  }
}
