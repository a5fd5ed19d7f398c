import type { MlcSource } from '#contracts/engine';
import type { ManifestSource, WebLlmCatalogue, WebLlmModel } from '#contracts/catalogue';

/** `Llama-3.2-1B-Instruct-q4f16_1-MLC-1k` → `Llama 3.2 1B Instruct (1k)`. */
export function displayNameOf(id: string): string {
  const short = /-MLC-(\d+k)$/.exec(id)?.[1];
  const name = id
    .replace(/-q\d+f\d+(_\d+)?-MLC(-\d+k)?$/, '')
    .replaceAll('-', ' ')
    // An underscore between digits is a decimal point that had to stand in a file name.
    .replace(/(\d)_(\d)/g, '$1.$2');
  return short === undefined ? name : `${name} (${short})`;
}

/** A model of the catalogue as the engine loads it. Its download size is not in web-llm's list, so it is null. */
export function mlcSourceOf(catalogue: WebLlmCatalogue, model: WebLlmModel): MlcSource | ManifestSource {
  const source: MlcSource = {
    format: 'mlc',
    id: model.id,
    name: displayNameOf(model.id),
    weightsUrl: new URL(model.weights, catalogue.weightsBase).href,
    libraryUrl: new URL(model.library, catalogue.libraryBase).href,
    sizeBytes: null,
    requiredFeatures: model.requiredFeatures,
    overrides: model.overrides,
  };
  return model.manifest === null ? source : { ...source, manifest: model.manifest };
}

/**
 * Whether something of a model's weights is on this device.
 * @param keptUrls addresses of the files of weights that are
 */
export function isKept(
  catalogue: WebLlmCatalogue,
  { weights }: Pick<WebLlmModel, 'weights'>,
  keptUrls: ReadonlySet<string>,
): boolean {
  const folder = new URL(weights, catalogue.weightsBase).href;
  return [...keptUrls].some((url) => url.startsWith(folder));
}
