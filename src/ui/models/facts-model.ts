import { err, ok } from '#kernel/result';
import { failureOf, type Outcome } from '#contracts/errors';
import type { GgufSummary } from '#contracts/gguf';
import type { ModelDemand, ModelFit } from '#contracts/model-fit';
import type { ModelsPort } from '#contracts/models';
import type { StoredModel } from '#contracts/model-store';

/** What a model's files say of it, and what it would take. */
export interface ModelAbout {
  readonly summary: GgufSummary;
  readonly demand: ModelDemand;
}

/** What is known of models and how they would run here; each looked up once while the page is shown. */
export class FactsModel {
  readonly #port: () => Promise<ModelsPort>;
  readonly #abouts = new Map<string, Promise<Outcome<ModelAbout>>>();
  readonly #fits = new Map<string, Promise<Outcome<ModelFit>>>();

  constructor(port: () => Promise<ModelsPort>) {
    this.#port = port;
  }

  /** Of a model of the store. Errors: see `ModelStoreApi.inspect`. */
  aboutOf({ id, state, files }: StoredModel): Promise<Outcome<ModelAbout>> {
    return this.#once(this.#abouts, [id, state, ...files.map((file) => file.id)], async (port) => {
      const summary = await port.inspect(id);
      if (!summary.ok) return summary;
      const sizes = files.map(({ sizeBytes }) => sizeBytes ?? 0);
      return ok({ summary: summary.value, demand: port.demand(summary.value, sizes) });
    });
  }

  /** Errors: those of the probe. */
  fitOf(demand: ModelDemand): Promise<Outcome<ModelFit>> {
    return this.#once(this.#fits, Object.values(demand), (port) =>
      port.fit(new AbortController().signal, demand),
    );
  }

  #once<T>(
    known: Map<string, Promise<Outcome<T>>>,
    parts: readonly unknown[],
    look: (port: ModelsPort) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    const key = JSON.stringify(parts);
    const before = known.get(key);
    if (before !== undefined) return before;
    const looked = this.#port()
      .then(look)
      .catch((thrown: unknown) => err(failureOf(thrown)));
    known.set(key, looked);
    return looked;
  }
}
