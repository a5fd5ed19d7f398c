import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';
import { DEFAULT_SETTINGS, SettingsSchema, type Settings } from '#contracts/settings';
import type { WitanDatabase } from './database.ts';
import { SETTINGS_KEY } from './settings-key.ts';

/**
 * What the user chose, one record for all tabs. Without a database (private modes), and when a write fails, it lives in
 * memory as long as the tab does.
 */
export class SettingsStore {
  readonly #database: WitanDatabase | null;
  #memory: Settings | null = null;

  constructor(database: WitanDatabase | null) {
    this.#database = database;
  }

  get persistent(): boolean {
    return this.#database !== null;
  }

  /**
   * The stored settings, or the defaults when there are none.
   * Errors: record-invalid (what is stored is left untouched), storage-failed.
   */
  async read(): Promise<Outcome<Settings>> {
    if (this.#memory !== null) return ok(this.#memory);
    try {
      const stored: unknown = await this.#database?.get('settings', SETTINGS_KEY);
      return stored === undefined
        ? ok(DEFAULT_SETTINGS)
        : parseWith(SettingsSchema, stored, 'record-invalid');
    } catch (thrown) {
      return err(failure('storage-failed', { store: 'settings' }, thrown));
    }
  }

  /**
   * Errors: record-invalid (nothing is written: it could never be read again); storage-failed: the settings then hold in
   * this tab alone.
   */
  async write(settings: Settings): Promise<Outcome<null>> {
    const valid = parseWith(SettingsSchema, settings, 'record-invalid');
    if (!valid.ok) return valid;
    if (this.#database === null) {
      this.#memory = settings;
      return ok(null);
    }
    try {
      await this.#database.put('settings', settings, SETTINGS_KEY);
      this.#memory = null;
      return ok(null);
    } catch (thrown) {
      this.#memory = settings;
      return err(failure('storage-failed', { store: 'settings' }, thrown));
    }
  }
}
