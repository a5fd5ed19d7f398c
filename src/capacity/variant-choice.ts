import { err, ok } from '#kernel/result';
import {
  WEB_LLM_LIMIT_NAMES,
  webLlmGrant,
  webLlmNeeds,
  type WebLlmCatalogue,
  type WebLlmModel,
} from '#contracts/catalogue';
import { failure, type Outcome } from '#contracts/errors';
import type { Adapter } from '#contracts/hardware';

/** What a variant needs and the adapter has not got. */
export interface Shortfall {
  /** Name of a WebGPU feature or limit. */
  readonly need: string;
  /** For limits, in the limit's unit. */
  readonly needed?: number;
  readonly available?: number;
}

export interface VariantChoice {
  readonly model: WebLlmModel;
  /** What kept the variant that was asked for out; null when it was taken. */
  readonly insteadBecause: Shortfall | null;
}

type AdapterOffer = Pick<Adapter, 'features' | 'limits'>;

/** What `model` misses on this adapter first; null when it fits. Memory is not judged: WebGPU does not tell it. */
export function shortfallOf(model: WebLlmModel, adapter: AdapterOffer): Shortfall | null {
  for (const limit of WEB_LLM_LIMIT_NAMES) {
    const available = adapter.limits[limit] ?? 0;
    const granted = webLlmGrant(limit, available);
    const wanted = limit === 'maxStorageBufferBindingSize' ? (model.requiredBindingBytes ?? 0) : 0;
    if (granted === null || granted < wanted)
      return { need: limit, needed: webLlmNeeds(limit, wanted), available };
  }
  const feature = model.requiredFeatures.find((each) => !adapter.features.includes(each));
  return feature === undefined ? null : { need: feature };
}

/**
 * The variant of a model that this adapter runs: the one asked for, or else its twin in 32-bit floats.
 * Errors: feature-missing, with the first thing that the variant asked for needs (`feature`, for limits also `needed`
 * and `available`) and, where there is a twin, what that one misses (`twin`, `twinNeeds`).
 */
export function chooseVariant(
  catalogue: WebLlmCatalogue,
  wanted: WebLlmModel,
  adapter: AdapterOffer,
): Outcome<VariantChoice> {
  const missing = shortfallOf(wanted, adapter);
  if (missing === null) return ok({ model: wanted, insteadBecause: null });
  const twin = catalogue.models.find((model) => model.id === wanted.f32Twin);
  const twinMisses = twin === undefined ? null : shortfallOf(twin, adapter);
  if (twin !== undefined && twinMisses === null) return ok({ model: twin, insteadBecause: missing });
  const { need, ...figures } = missing;
  return err(
    failure('feature-missing', {
      model: wanted.id,
      feature: need,
      ...figures,
      ...(twin === undefined || twinMisses === null ? {} : { twin: twin.id, twinNeeds: twinMisses.need }),
    }),
  );
}
