import type { WebLlmCatalogue, WebLlmModel } from '#contracts/catalogue';
import type { Adapter } from '#contracts/hardware';
import { displayNameOf, isKept, mlcSourceOf } from '../capacity/mlc-source.ts';
import { chooseVariant, shortfallOf } from '../capacity/variant-choice.ts';
import type { MemberRung, MemberSpec } from '../resources/member-spec.ts';
import { instructManner } from './instruct-manner.ts';

/** Contexts to go down to when memory runs out, tokens; the same weights and library serve all of them. */
const SMALLER_CONTEXTS: readonly number[] = [2048, 1024];
const MIB = 2 ** 20;

/** `Llama-3.2-1B-Instruct-q4f16_1-MLC-1k` → `Llama-3.2-1B-Instruct`. */
function withoutVariant(id: string): string {
  return id.replace(/-q\d+f\d+(_\d+)?-MLC.*$/, '');
}

function rungAt(catalogue: WebLlmCatalogue, model: WebLlmModel, contextTokens: number): MemberRung {
  return {
    id: `${model.id}@${String(contextTokens)}`,
    engine: 'web-llm',
    load: {
      model: mlcSourceOf(catalogue, model),
      backend: 'webgpu',
      threads: 1,
      contextTokens,
      slots: 1,
    },
    model: withoutVariant(model.id),
    parameters: model.parameters ?? 0,
    sizeBytes: Math.round(model.vramMiB * MIB),
    memoryBytes: Math.round(model.vramMiB * MIB),
    features: model.requiredFeatures,
    accuracy: null,
  };
}

/** Largest first, the same family before others of a size; each weights folder once. */
function smallerKept(
  catalogue: WebLlmCatalogue,
  model: WebLlmModel,
  adapter: Pick<Adapter, 'features' | 'limits'> | null,
  keptUrls: ReadonlySet<string>,
): readonly WebLlmModel[] {
  const folders = new Set<string>();
  return catalogue.models
    .filter((other) => other.vramMiB < model.vramMiB && isKept(catalogue, other, keptUrls))
    .filter((other) => adapter === null || shortfallOf(other, adapter) === null)
    .filter(({ weights }) => weights !== model.weights)
    .sort(
      (a, b) =>
        b.vramMiB - a.vramMiB || Number(b.family === model.family) - Number(a.family === model.family),
    )
    .filter(({ weights }) => !folders.has(weights) && folders.add(weights));
}

/**
 * A model of web-llm's catalogue as a member: in the variant that the adapter runs, with ever less context where memory
 * runs out, then the smaller models that are on the device already. Any other would be another download, which only the
 * user may want.
 * @param adapter null where there is none, or it is not known: then loading tells
 * @param keptUrls addresses of the weights on this device
 * @returns null when the catalogue does not have it
 */
export function webLlmMember(
  catalogue: WebLlmCatalogue,
  id: string,
  adapter: Pick<Adapter, 'features' | 'limits'> | null,
  keptUrls: ReadonlySet<string> = new Set(),
): MemberSpec | null {
  const wanted = catalogue.models.find((model) => model.id === id);
  if (wanted === undefined) return null;
  const chosen = adapter === null ? null : chooseVariant(catalogue, wanted, adapter);
  const model = chosen?.ok === true ? chosen.value.model : wanted;
  const smaller = SMALLER_CONTEXTS.filter((tokens) => tokens < model.contextTokens);
  return {
    id,
    name: displayNameOf(id),
    rungs: [
      rungAt(catalogue, model, model.contextTokens),
      ...smaller.map((tokens) => rungAt(catalogue, model, tokens)),
      ...smallerKept(catalogue, model, adapter, keptUrls).map((each) =>
        rungAt(catalogue, each, each.contextTokens),
      ),
    ],
    bundled: false,
    manner: instructManner(model.contextTokens),
  };
}
