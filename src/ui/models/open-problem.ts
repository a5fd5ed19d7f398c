import type { WitanFailure } from '#contracts/errors';
import type { StoredModel } from '#contracts/model-store';

/** A failure that people are told of until what failed has succeeded, by whatever way: another tab, a script. */
export class OpenProblem {
  readonly failure: WitanFailure;
  /** The model that could not be worked on; `import`: files that were not taken in; null: it is about no model. */
  readonly #about: string | null;
  readonly #stored: readonly StoredModel[];
  readonly #before: ReadonlyMap<string, StoredModel['state']>;

  constructor(failure: WitanFailure, about: string | null, stored: readonly StoredModel[]) {
    this.failure = failure;
    this.#about = about;
    this.#stored = stored;
    this.#before = new Map(stored.map(({ id, state }) => [id, state]));
  }

  /** The same problem, which the arrival of this model has nothing to do with. */
  besides(model: StoredModel): OpenProblem {
    return new OpenProblem(this.failure, this.#about, [...this.#stored, model]);
  }

  /** Whether the store has since come to what was wanted. */
  solvedBy(stored: readonly StoredModel[]): boolean {
    if (this.#about === null) return false;
    const fresh = stored.filter(({ id, state }) => state === 'verified' && this.#before.get(id) !== state);
    if (this.#about === 'import') return fresh.some(({ origin }) => origin === 'import');
    const gone = this.#before.has(this.#about) && !stored.some(({ id }) => id === this.#about);
    return gone || fresh.some(({ id }) => id === this.#about);
  }
}
