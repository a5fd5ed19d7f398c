import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { RemoteSettingsSchema, type RemoteSettings } from '#contracts/remote';
import { parseWith } from '#contracts/schema-parse';
import type { WitanDatabase } from './database.ts';

const KEY = 'remote';
const NOTHING: RemoteSettings = { schema: 'witan.remote', version: 1, endpoints: [], members: [] };

/** Says what shall stand where `settings` stood. */
export type RemoteChange = (settings: RemoteSettings) => Outcome<RemoteSettings>;

/**
 * Servers of the user's and the members that run on them; one record for all tabs, without keys. Without a database
 * (private modes), and when a write fails, it lives in memory as long as the tab does.
 */
export class RemoteStore {
  readonly #database: WitanDatabase | null;
  #memory: RemoteSettings | null = null;

  constructor(database: WitanDatabase | null) {
    this.#database = database;
  }

  /** Errors: record-invalid (what is stored is left untouched), storage-failed. */
  async read(): Promise<Outcome<RemoteSettings>> {
    if (this.#memory !== null) return ok(this.#memory);
    try {
      return parsed(await this.#database?.get('settings', KEY));
    } catch (thrown) {
      return err(failure('storage-failed', { store: 'remote' }, thrown));
    }
  }

  /**
   * Reads, changes and writes with no other tab between. What `change` makes is checked before it is stored.
   * Errors: those of `change`; record-invalid; storage-failed: the change then holds in this tab alone.
   */
  async update(change: RemoteChange): Promise<Outcome<null>> {
    const database = this.#memory === null ? this.#database : null;
    if (database === null) {
      const changed = changedBy(change, ok(this.#memory ?? NOTHING));
      if (changed.ok) this.#memory = changed.value;
      return changed.ok ? ok(null) : changed;
    }
    let next: RemoteSettings | null = null;
    try {
      const transaction = database.transaction('settings', 'readwrite');
      const changed = changedBy(change, parsed(await transaction.store.get(KEY)));
      if (changed.ok) {
        next = changed.value;
        await transaction.store.put(next, KEY);
      }
      await transaction.done;
      return changed.ok ? ok(null) : changed;
    } catch (thrown) {
      this.#memory = next;
      return err(failure('storage-failed', { store: 'remote' }, thrown));
    }
  }
}

function parsed(stored: unknown): Outcome<RemoteSettings> {
  return stored === undefined ? ok(NOTHING) : parseWith(RemoteSettingsSchema, stored, 'record-invalid');
}

function changedBy(change: RemoteChange, settings: Outcome<RemoteSettings>): Outcome<RemoteSettings> {
  const changed = settings.ok ? change(settings.value) : settings;
  return changed.ok ? parseWith(RemoteSettingsSchema, changed.value, 'record-invalid') : changed;
}
