import type { GenericSchema, InferOutput } from 'valibot';
import { ok } from '#kernel/result';
import { WebLlmCatalogueSchema, type WebLlmCatalogue } from '#contracts/catalogue';
import { CouncilCatalogueSchema, type CouncilCatalogue } from '#contracts/council-catalogue';
import type { Outcome } from '#contracts/errors';
import { GgufCatalogueSchema, type GgufCatalogue } from '#contracts/gguf-catalogue';
import { ModelFactsSchema, type ModelFacts } from '#contracts/model-facts';
import { parseWith } from '#contracts/schema-parse';
import { fetchJson } from './fetch-json.ts';

/** One file of the catalogue, fetched once; what failed is tried again when it is next asked for. */
class CatalogueFile<S extends GenericSchema> {
  readonly #url: string;
  readonly #schema: S;
  #kept: InferOutput<S> | null = null;

  constructor(url: string, schema: S) {
    this.#url = url;
    this.#schema = schema;
  }

  async read(signal: AbortSignal): Promise<Outcome<InferOutput<S>>> {
    if (this.#kept !== null) return ok(this.#kept);
    const json = await fetchJson(signal, this.#url);
    if (!json.ok) return json;
    const parsed = parseWith(this.#schema, json.value, 'model-invalid', { model: 'the catalogue' });
    if (parsed.ok) this.#kept = parsed.value;
    return parsed;
  }
}

/** The catalogue of models that is not bundled with the app but known to it. */
export class CatalogueSource {
  readonly #webLlm: CatalogueFile<typeof WebLlmCatalogueSchema>;
  readonly #facts: CatalogueFile<typeof ModelFactsSchema>;
  readonly #gguf: CatalogueFile<typeof GgufCatalogueSchema>;
  readonly #councils: CatalogueFile<typeof CouncilCatalogueSchema>;

  /** @param baseUrl absolute URL of the page's folder */
  constructor(baseUrl: string) {
    const url = (name: string): string => new URL(`catalogue/${name}.json`, baseUrl).href;
    this.#webLlm = new CatalogueFile(url('web-llm'), WebLlmCatalogueSchema);
    this.#facts = new CatalogueFile(url('model-facts'), ModelFactsSchema);
    this.#gguf = new CatalogueFile(url('gguf'), GgufCatalogueSchema);
    this.#councils = new CatalogueFile(url('councils'), CouncilCatalogueSchema);
  }

  /** Fetched once. Errors: model-fetch-failed, model-invalid, cancelled. */
  webLlm(signal: AbortSignal): Promise<Outcome<WebLlmCatalogue>> {
    return this.#webLlm.read(signal);
  }

  /** Shapes and licences of web-llm's models. Fetched once. Errors: model-fetch-failed, model-invalid, cancelled. */
  facts(signal: AbortSignal): Promise<Outcome<ModelFacts>> {
    return this.#facts.read(signal);
  }

  /** Models for wllama. Fetched once. Errors: model-fetch-failed, model-invalid, cancelled. */
  gguf(signal: AbortSignal): Promise<Outcome<GgufCatalogue>> {
    return this.#gguf.read(signal);
  }

  /** Recommended by tier. Fetched once. Errors: model-fetch-failed, model-invalid, cancelled. */
  councils(signal: AbortSignal): Promise<Outcome<CouncilCatalogue>> {
    return this.#councils.read(signal);
  }
}
