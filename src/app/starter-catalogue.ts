import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';
import {
  QuestionSetSchema,
  StarterCouncilSchema,
  type QuestionSet,
  type StarterCouncil,
} from '#contracts/starter';
import { fetchJson } from './fetch-json.ts';

/** Where the bundled models lie, relative to the page. */
const FOLDER = 'starter/';

/** The bundled council as `tools/starter` describes it, and its question sets. */
export class StarterCatalogue {
  readonly #baseUrl: string;
  #council: StarterCouncil | null = null;

  /** @param baseUrl absolute URL of the page's folder */
  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
  }

  urlOf(file: string): string {
    return new URL(FOLDER + file, this.#baseUrl).href;
  }

  /** Fetched once. Errors: model-fetch-failed, model-invalid, cancelled. */
  async council(signal: AbortSignal): Promise<Outcome<StarterCouncil>> {
    if (this.#council !== null) return ok(this.#council);
    const json = await fetchJson(signal, this.urlOf('council.json'));
    if (!json.ok) return json;
    const parsed = parseWith(StarterCouncilSchema, json.value, 'model-invalid', { model: 'the council' });
    if (parsed.ok) this.#council = parsed.value;
    return parsed;
  }

  /** Errors: model-fetch-failed, question-set-invalid, cancelled. */
  async questions(signal: AbortSignal, split: 'dev' | 'test'): Promise<Outcome<QuestionSet>> {
    const json = await fetchJson(signal, this.urlOf(`questions.${split}.json`));
    return json.ok ? parseWith(QuestionSetSchema, json.value, 'question-set-invalid') : json;
  }
}
