import { err, ok } from '#kernel/result';
import { SpeedMeasurementSchema, type SpeedMeasurement } from '#contracts/capacity';
import type { Backend } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';
import type { WitanDatabase } from './database.ts';

const keyOf = (backend: Backend): string => `speed-measurement:${backend}`;

/**
 * The newest measurement of this device with each backend. Without a database (private modes), and when a write fails, it
 * lives in memory as long as the tab does.
 */
export class SpeedMeasurementStore {
  readonly #database: WitanDatabase | null;
  /** What no database holds; stands before what is stored. */
  readonly #memory = new Map<Backend, SpeedMeasurement>();

  constructor(database: WitanDatabase | null) {
    this.#database = database;
  }

  get persistent(): boolean {
    return this.#database !== null;
  }

  /**
   * Null before the first, and where what is stored is of another version or damaged: that is left untouched until this
   * device is measured anew. Errors: storage-failed.
   */
  async read(backend: Backend): Promise<Outcome<SpeedMeasurement | null>> {
    const held = this.#memory.get(backend);
    if (held !== undefined) return ok(held);
    try {
      const stored: unknown = await this.#database?.get('settings', keyOf(backend));
      const parsed = parseWith(SpeedMeasurementSchema, stored, 'record-invalid');
      // Another backend's speed under this key would be a wrong prediction, not a rough one.
      return ok(parsed.ok && parsed.value.backend === backend ? parsed.value : null);
    } catch (thrown) {
      return err(failure('storage-failed', { store: 'speed-measurement' }, thrown));
    }
  }

  /**
   * Errors: record-invalid (nothing is written: it could never be read again); storage-failed: it then holds in this tab
   * alone.
   */
  async write(measurement: SpeedMeasurement): Promise<Outcome<null>> {
    const valid = parseWith(SpeedMeasurementSchema, measurement, 'record-invalid');
    if (!valid.ok) return valid;
    const { backend } = measurement;
    try {
      if (this.#database === null) this.#memory.set(backend, measurement);
      else {
        await this.#database.put('settings', measurement, keyOf(backend));
        this.#memory.delete(backend);
      }
      return ok(null);
    } catch (thrown) {
      this.#memory.set(backend, measurement);
      return err(failure('storage-failed', { store: 'speed-measurement' }, thrown));
    }
  }
}
