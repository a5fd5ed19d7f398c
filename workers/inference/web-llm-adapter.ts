import { err, ok } from '#kernel/result';
import { WEB_LLM_LIMIT_NAMES, webLlmGrant, webLlmNeeds } from '#contracts/catalogue';
import type { MlcSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';

/** An adapter on which web-llm starts, and what it will get of the limit that tensors run into. */
export interface CheckedAdapter {
  readonly adapter: GPUAdapter;
  /** Bytes. */
  readonly maxStorageBufferBindingSize: number;
}

/**
 * Asks for the adapter that web-llm will ask for and finds out, before a byte of the model is fetched, whether web-llm
 * can start on it: by itself it tells only after the download.
 * Errors: engine-unavailable; feature-missing with `feature`, for limits also `needed` and `available`.
 */
export async function checkAdapter(gpu: GPU | undefined, model: MlcSource): Promise<Outcome<CheckedAdapter>> {
  if (gpu === undefined)
    return err(failure('engine-unavailable', { model: model.name, reason: 'no-webgpu' }));
  let adapter: GPUAdapter | null;
  try {
    adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  } catch (thrown) {
    return err(failure('engine-unavailable', { model: model.name, reason: 'no-adapter' }, thrown));
  }
  if (adapter === null)
    return err(failure('engine-unavailable', { model: model.name, reason: 'no-adapter' }));
  for (const limit of WEB_LLM_LIMIT_NAMES) {
    const available = adapter.limits[limit];
    if (webLlmGrant(limit, available) === null)
      return err(
        failure('feature-missing', {
          model: model.name,
          feature: limit,
          needed: webLlmNeeds(limit),
          available,
        }),
      );
  }
  const missing = model.requiredFeatures.find((feature) => !adapter.features.has(feature));
  if (missing !== undefined) return err(failure('feature-missing', { model: model.name, feature: missing }));
  const binding = 'maxStorageBufferBindingSize';
  return ok({
    adapter,
    maxStorageBufferBindingSize: webLlmGrant(binding, adapter.limits[binding]) ?? 0,
  });
}
