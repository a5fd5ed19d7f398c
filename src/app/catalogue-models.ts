import { err, ok } from '#kernel/result';
import type { WebLlmCatalogue } from '#contracts/catalogue';
import type { MlcSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { ModelRequest, StoreOffer } from '#contracts/models';
import { mlcSourceOf } from '../capacity/mlc-source.ts';
import type { FetchableModels } from './models-service.ts';

/**
 * All models that the store can fetch. Those of web-llm's list can be fetched by their ids, and gone on with; they are not
 * offered, because nobody knows how large they are before their own lists are read.
 */
export class CatalogueModels implements FetchableModels {
  readonly #gguf: FetchableModels;
  readonly #webLlm: (signal: AbortSignal) => Promise<Outcome<WebLlmCatalogue>>;

  constructor(gguf: FetchableModels, webLlm: (signal: AbortSignal) => Promise<Outcome<WebLlmCatalogue>>) {
    this.#gguf = gguf;
    this.#webLlm = webLlm;
  }

  offers(signal: AbortSignal): Promise<Outcome<readonly StoreOffer[]>> {
    return this.#gguf.offers(signal);
  }

  async request(signal: AbortSignal, modelId: string): Promise<Outcome<ModelRequest | MlcSource>> {
    const request = await this.#gguf.request(signal, modelId);
    if (request.ok || request.error.code !== 'member-unknown') return request;
    const catalogue = await this.#webLlm(signal);
    if (!catalogue.ok) return catalogue;
    const model = catalogue.value.models.find(({ id }) => id === modelId);
    return model === undefined
      ? err(failure('member-unknown', { member: modelId }))
      : ok(mlcSourceOf(catalogue.value, model));
  }
}
