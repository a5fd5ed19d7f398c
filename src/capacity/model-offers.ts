import type { WebLlmCatalogue, WebLlmModel } from '#contracts/catalogue';
import type { HardwareProfile } from '#contracts/hardware';
import { modelOfWebLlm, type ModelFacts } from '#contracts/model-facts';
import type { ModelOffer, ModelOffers, ModelVariant } from '#contracts/model-offer';
import { kvCacheBytes } from '#contracts/model-shape';
import { displayNameOf, isKept } from './mlc-source.ts';
import { shortfallOf } from './variant-choice.ts';

const MIB = 2 ** 20;

function variantOf(model: WebLlmModel, kept: boolean, facts: ModelFacts | null): ModelVariant {
  const { id, quantization, contextTokens, vramMiB } = model;
  const shape = facts?.shapes[facts.models[modelOfWebLlm(id)]?.shape ?? ''];
  const cacheBytes = shape === undefined ? null : kvCacheBytes(shape, contextTokens);
  return { id, quantization, contextTokens, memoryBytes: Math.round(vramMiB * MIB), cacheBytes, kept };
}

function licenceOf({ id }: WebLlmModel, facts: ModelFacts | null): string | null {
  const licence = facts?.licences[facts.models[modelOfWebLlm(id)]?.licence ?? ''];
  return licence === undefined ? null : (licence.spdx ?? licence.name);
}

/** Bits of a weight: q4f16_1 → 4; unquantized weights (q0) are the largest. */
function weightBits({ quantization }: WebLlmModel): number {
  const bits = Number(/^q(\d+)/.exec(quantization)?.[1] ?? 0);
  return bits === 0 ? 32 : bits;
}

/**
 * Four bits are the usual trade between size and quality, so they come first; then what takes less memory, which puts
 * 16-bit arithmetic before 32-bit; a shortened context comes last.
 */
function byPreference(a: WebLlmModel, b: WebLlmModel): number {
  const distance = (model: WebLlmModel): number => Math.abs(weightBits(model) - 4);
  return b.contextTokens - a.contextTokens || distance(a) - distance(b) || a.vramMiB - b.vramMiB;
}

/** The name without what tells variants apart. */
function nameOf(model: WebLlmModel): string {
  return displayNameOf(model.id).replace(/ \(\d+k\)$/, '');
}

function unavailableOn(profile: HardwareProfile): ModelOffers['unavailable'] {
  if (profile.webgpu === 'unsupported') return 'no-webgpu';
  if (profile.adapters.length === 0) return 'no-adapter';
  return profile.adapters.every(({ fallback }) => fallback) ? 'software-adapter' : null;
}

/**
 * Every model of the catalogue with the variants that this device runs. Memory is not judged: WebGPU does not tell it.
 * @param keptUrls addresses of the files of weights that are on this device
 * @param facts what web-llm's list does not say of its models; null where it could not be read
 */
export function modelOffers(
  catalogue: WebLlmCatalogue,
  profile: HardwareProfile,
  keptUrls: ReadonlySet<string> = new Set(),
  facts: ModelFacts | null = null,
): ModelOffers {
  const adapter = profile.adapters[0];
  const groups = new Map<string, WebLlmModel[]>();
  for (const model of catalogue.models) {
    const name = nameOf(model);
    groups.set(name, [...(groups.get(name) ?? []), model]);
  }
  const models = [...groups].map(([name, variants]): ModelOffer => {
    const sorted = [...variants].sort(byPreference);
    const runs = adapter === undefined ? [] : sorted.filter((model) => shortfallOf(model, adapter) === null);
    const [first] = sorted;
    const misses = adapter === undefined || first === undefined ? null : shortfallOf(first, adapter);
    return {
      name,
      family: first?.family ?? '',
      parameters: first?.parameters ?? null,
      licence: first === undefined ? null : licenceOf(first, facts),
      variants: runs.map((model) => variantOf(model, isKept(catalogue, model, keptUrls), facts)),
      misses: runs.length > 0 ? null : (misses?.need ?? 'WebGPU'),
    };
  });
  const smallest = ({ name }: ModelOffer): number =>
    Math.min(...(groups.get(name) ?? []).map(({ vramMiB }) => vramMiB));
  return { unavailable: unavailableOn(profile), models: models.sort((a, b) => smallest(a) - smallest(b)) };
}
