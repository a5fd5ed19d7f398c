import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { QuestionSet, StarterCouncil } from '#contracts/starter';
import { fetchJson } from './fetch-json.ts';
import { lazily } from './lazily.ts';
import type * as StarterFiles from './starter-files.ts';

/** Where the bundled models lie, relative to the page. */
const FOLDER = 'starter/';

type ParserOf<T> = (files: typeof StarterFiles) => (json: unknown) => Outcome<T>;

/** The bundled council as `tools/starter` describes it, and its question sets. */
export class StarterCatalogue {
  readonly #baseUrl: string;
  /** How the files are read: fetched beside the first of them, to keep the first visit small. */
  readonly #files = lazily(() => import('./starter-files.ts'));
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
    const parsed = await this.#read(signal, 'council.json', (files) => files.parseCouncil);
    if (parsed.ok) this.#council = parsed.value;
    return parsed;
  }

  /** Errors: model-fetch-failed, question-set-invalid, cancelled. */
  async questions(signal: AbortSignal, split: 'dev' | 'test'): Promise<Outcome<QuestionSet>> {
    return this.#read(signal, `questions.${split}.json`, (files) => files.parseQuestions);
  }

  async #read<T>(signal: AbortSignal, file: string, parserOf: ParserOf<T>): Promise<Outcome<T>> {
    const url = this.urlOf(file);
    const [json, files] = await Promise.all([
      fetchJson(signal, url),
      this.#files().catch((thrown: unknown) => err(failure('model-fetch-failed', { model: url }, thrown))),
    ]);
    if (!json.ok) return json;
    return 'ok' in files ? files : parserOf(files)(json.value);
  }
}
