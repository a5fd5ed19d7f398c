import type { WebLlmCatalogue, WebLlmModel } from '#contracts/catalogue';
import type { Caveat, ModelPrediction } from '#contracts/capacity';
import type { HardwareProfile } from '#contracts/hardware';
import type { ModelMeasurement } from '#contracts/model-measurement';
import { foretoldOf } from './measured-model.ts';
import { displayNameOf } from './mlc-source.ts';
import { shortfallOf } from './variant-choice.ts';

const MIB = 2 ** 20;

/** Of what could be taken of a card's memory when it was measured, the share that a model may have and still run well. */
const ROOMY_SHARE = 0.8;

/** The most usual variant first: four bits, whole context, 16-bit arithmetic where the card has it. */
function preferred(variants: readonly WebLlmModel[]): WebLlmModel | undefined {
  const distance = ({ quantization }: WebLlmModel): number =>
    Math.abs(Number(/^q(\d+)/.exec(quantization)?.[1] ?? 0) - 4);
  return [...variants].sort(
    (a, b) => b.contextTokens - a.contextTokens || distance(a) - distance(b) || a.vramMiB - b.vramMiB,
  )[0];
}

function variantsByName({ models }: WebLlmCatalogue): readonly (readonly WebLlmModel[])[] {
  const groups = new Map<string, WebLlmModel[]>();
  for (const model of models) {
    const name = displayNameOf(model.id).replace(/ \(\d+k\)$/, '');
    groups.set(name, [...(groups.get(name) ?? []), model]);
  }
  return [...groups.values()];
}

export type WebLlmForetelling = Omit<ModelPrediction, 'engine' | 'fitReason'> & {
  /** What the verdict rests on: nothing here computes WebGPU, the card lacks something, or its memory. */
  readonly fitBecause: 'no-card' | 'card-lacks' | 'card-untold' | 'card-memory';
  /** Feature or limit that the card lacks; null when it lacks none. */
  readonly misses: string | null;
  /** What could be taken of the card's memory when it was measured; null where it was not. */
  readonly takenBytes: number | null;
};

/**
 * Models for web-llm, one variant of each, and those whose ids are asked for. How fast they would be is said of those alone
 * that were measured themselves: each has a compiled library of its own, of which those of others tell nothing.
 * @param measured by id, what still holds for this device
 */
export function predictWebLlm(
  catalogue: WebLlmCatalogue,
  profile: HardwareProfile,
  isKept: (model: WebLlmModel) => boolean,
  wanted: readonly string[] | null,
  measured: ReadonlyMap<string, ModelMeasurement> = new Map(),
): readonly WebLlmForetelling[] {
  const card = profile.adapters.find(({ fallback }) => !fallback) ?? null;
  const runs = (model: WebLlmModel): boolean => card !== null && shortfallOf(model, card) === null;
  const models =
    wanted === null
      ? variantsByName(catalogue)
          .map((variants) => preferred(variants.filter(runs)) ?? preferred(variants))
          .filter((model) => model !== undefined)
      : catalogue.models.filter(({ id }) => wanted.includes(id));
  return models.map((model) => {
    const misses = card === null ? null : (shortfallOf(model, card)?.need ?? null);
    const bytes = Math.round(model.vramMiB * MIB);
    const { gpuMemoryMiB } = profile.micro;
    const takenBytes = gpuMemoryMiB === undefined ? null : gpuMemoryMiB * MIB;
    const roomy = takenBytes !== null && bytes <= ROOMY_SHARE * takenBytes;
    const cannot = card === null || misses !== null;
    const caveats: readonly Caveat[] = cannot ? ['needs-graphics-card'] : ['no-library'];
    const own = cannot ? undefined : measured.get(model.id);
    return {
      id: model.id,
      name: displayNameOf(model.id),
      family: model.family,
      quantization: model.quantization,
      parameters: model.parameters,
      sizeBytes: null,
      installed: isKept(model),
      backend: 'webgpu',
      contextTokens: model.contextTokens,
      promptTokens: 0,
      tokensPerSecond: null,
      ttft: null,
      // One figure of web-llm's own list, taken to be right to a tenth: nothing here has compared it.
      memory: { median: bytes, low: 0.9 * bytes, high: 1.1 * bytes },
      memoryParts: null,
      fits: cannot ? 'will-not-fit' : roomy ? 'runs-well' : 'tight',
      fitBecause:
        card === null
          ? 'no-card'
          : misses !== null
            ? 'card-lacks'
            : takenBytes === null
              ? 'card-untold'
              : 'card-memory',
      misses,
      takenBytes,
      pace: null,
      method: 'none',
      caveats: [...caveats],
      ...(own === undefined ? {} : foretoldOf(own)),
    };
  });
}
