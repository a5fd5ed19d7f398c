import { ok } from '#kernel/result';
import { WebLlmCatalogueSchema, type WebLlmCatalogue } from '#contracts/catalogue';
import type { Outcome } from '#contracts/errors';
import { GgufCatalogueSchema, type GgufCatalogue } from '#contracts/gguf-catalogue';
import { parseWith } from '#contracts/schema-parse';
import { fetchJson } from './fetch-json.ts';

/** The catalogue of models that is not bundled with the app but known to it. */
export class CatalogueSource {
  readonly #baseUrl: string;
  #webLlm: WebLlmCatalogue | null = null;
  #gguf: GgufCatalogue | null = null;

  /** @param baseUrl absolute URL of the page's folder */
  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
  }

  /** Fetched once. Errors: model-fetch-failed, model-invalid, cancelled. */
  async webLlm(signal: AbortSignal): Promise<Outcome<WebLlmCatalogue>> {
    if (this.#webLlm !== null) return ok(this.#webLlm);
    const json = await fetchJson(signal, new URL('catalogue/web-llm.json', this.#baseUrl).href);
    if (!json.ok) return json;
    const parsed = parseWith(WebLlmCatalogueSchema, json.value, 'model-invalid', { model: 'the catalogue' });
    if (parsed.ok) this.#webLlm = parsed.value;
    return parsed;
  }

  /** Models as GGUF files. Fetched once. Errors: as `webLlm`. */
  async gguf(signal: AbortSignal): Promise<Outcome<GgufCatalogue>> {
    if (this.#gguf !== null) return ok(this.#gguf);
    const json = await fetchJson(signal, new URL('catalogue/gguf.json', this.#baseUrl).href);
    if (!json.ok) return json;
    const parsed = parseWith(GgufCatalogueSchema, json.value, 'model-invalid', { model: 'the catalogue' });
    if (parsed.ok) this.#gguf = parsed.value;
    return parsed;
  }
}
