import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { ModelMeasurementSchema, type ModelMeasurement } from '#contracts/model-measurement';
import { parseWith } from '#contracts/schema-parse';
import type { WitanDatabase } from './database.ts';

const PREFIX = 'model-measurement:';
/** The first text behind all that begin with the prefix: `;` follows `:`. */
const BEHIND = PREFIX.replace(':', ';');
const storageFailed = (thrown: unknown): Outcome<never> =>
  err(failure('storage-failed', { store: 'model-measurement' }, thrown));

/**
 * The newest measurement of each model that was run here with random weights. Without a database (private modes), and when a
 * write fails, they live in memory as long as the tab does.
 */
export class ModelMeasurementStore {
  readonly #database: WitanDatabase | null;
  /** What no database holds; stands before what is stored. */
  readonly #memory = new Map<string, ModelMeasurement>();

  constructor(database: WitanDatabase | null) {
    this.#database = database;
  }

  get persistent(): boolean {
    return this.#database !== null;
  }

  /** All that can be read; what is of another version or damaged stays where it is, unread. Errors: storage-failed. */
  async list(): Promise<Outcome<readonly ModelMeasurement[]>> {
    if (this.#database === null) return ok([...this.#memory.values()]);
    try {
      // Where there is a database there are ranges of its keys; elsewhere there may be none.
      const range = IDBKeyRange.bound(PREFIX, BEHIND, false, true);
      const stored: readonly unknown[] = await this.#database.getAll('settings', range);
      const read = stored.flatMap((each) => {
        const parsed = parseWith(ModelMeasurementSchema, each, 'record-invalid');
        return parsed.ok && !this.#memory.has(parsed.value.modelId) ? [parsed.value] : [];
      });
      return ok([...this.#memory.values(), ...read]);
    } catch (thrown) {
      return storageFailed(thrown);
    }
  }

  /**
   * Errors: record-invalid (nothing is written: it could never be read again); storage-failed: it then holds in this tab
   * alone.
   */
  async write(measurement: ModelMeasurement): Promise<Outcome<null>> {
    const valid = parseWith(ModelMeasurementSchema, measurement, 'record-invalid');
    if (!valid.ok) return valid;
    const { modelId } = valid.value;
    this.#memory.set(modelId, valid.value);
    if (this.#database === null) return ok(null);
    try {
      await this.#database.put('settings', valid.value, `${PREFIX}${modelId}`);
      this.#memory.delete(modelId);
      return ok(null);
    } catch (thrown) {
      return storageFailed(thrown);
    }
  }
}
