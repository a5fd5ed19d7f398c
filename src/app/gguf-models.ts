import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { ggufUrls, type GgufCatalogue, type GgufModel } from '#contracts/gguf-catalogue';
import { contextUsed, type ModelDemand } from '#contracts/model-fit';
import { kvCacheBytes } from '#contracts/model-shape';
import type { FileSpec } from '#contracts/model-store';
import type { ModelRequest, StoreOffer } from '#contracts/models';
import { urlFileId } from '../storage/model-store/url-file-id.ts';
import type { FetchableModels } from './models-service.ts';

type GgufFile = GgufModel['files'][number];

/** Only the weights: the council asks in words, so what reads pictures would be a download for nothing. */
const weightsOf = (model: GgufModel): readonly GgufFile[] =>
  model.files.filter(({ role }) => role === 'weights');

async function fileSpec(
  catalogue: GgufCatalogue,
  baseUrl: string,
  model: GgufModel,
  file: GgufFile,
): Promise<FileSpec> {
  const urls = ggufUrls(catalogue.mirrors, model, file.name).map((url) => new URL(url, baseUrl).href);
  return {
    id: file.sha256 === null ? await urlFileId(urls[0] ?? '') : `sha256-${file.sha256}`,
    urls,
    sizeBytes: file.bytes,
    sha256: file.sha256,
    chunkSha256: null,
  };
}

function demandOf({ shape, contextTokens: trained }: GgufModel, fileBytes: readonly number[]): ModelDemand {
  const contextTokens = contextUsed(trained);
  return {
    weightsBytes: fileBytes.reduce((sum, bytes) => sum + bytes, 0),
    largestFileBytes: Math.max(...fileBytes),
    contextTokens,
    cacheBytes: kvCacheBytes(shape, contextTokens),
    shape,
  };
}

/** Null where the catalogue has no weights, or does not know how large they are: then nobody can say yes to the download. */
function offerOf(catalogue: GgufCatalogue, baseUrl: string, model: GgufModel): StoreOffer | null {
  const { id, name, parameters, quantization, contextTokens, licence } = model;
  const sizes = weightsOf(model).map(({ bytes }) => bytes);
  const known = sizes.filter((bytes) => bytes !== null);
  if (sizes.length === 0 || known.length < sizes.length) return null;
  const demand = demandOf(model, known);
  return {
    id,
    name,
    sizeBytes: demand.weightsBytes,
    parameters,
    quantization,
    contextTokens,
    licence: licence.spdx ?? licence.name,
    hosts: catalogue.mirrors.map((mirror) => new URL(mirror, baseUrl).host),
    demand,
  };
}

/** The GGUF models of the catalogue, as the model store fetches them. */
export class GgufModels implements FetchableModels {
  readonly #catalogue: (signal: AbortSignal) => Promise<Outcome<GgufCatalogue>>;
  readonly #baseUrl: string;

  /** @param baseUrl what addresses of the catalogue that are relative begin at */
  constructor(catalogue: (signal: AbortSignal) => Promise<Outcome<GgufCatalogue>>, baseUrl: string) {
    this.#catalogue = catalogue;
    this.#baseUrl = baseUrl;
  }

  /** Errors: those of the catalogue. */
  async offers(signal: AbortSignal): Promise<Outcome<readonly StoreOffer[]>> {
    const catalogue = await this.#catalogue(signal);
    if (!catalogue.ok) return catalogue;
    const offers = catalogue.value.models.map((model) => offerOf(catalogue.value, this.#baseUrl, model));
    return ok(offers.filter((offer) => offer !== null));
  }

  async request(signal: AbortSignal, modelId: string): Promise<Outcome<ModelRequest>> {
    const catalogue = await this.#catalogue(signal);
    if (!catalogue.ok) return catalogue;
    const model = catalogue.value.models.find(({ id }) => id === modelId);
    if (model === undefined) return err(failure('member-unknown', { member: modelId }));
    const files = await Promise.all(
      weightsOf(model).map((file) => fileSpec(catalogue.value, this.#baseUrl, model, file)),
    );
    return ok({ id: model.id, name: model.name, format: 'gguf', origin: 'catalogue', files });
  }
}
