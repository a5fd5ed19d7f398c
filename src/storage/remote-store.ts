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
  /** What could not be written; stands before what is stored. */
  #memory: RemoteSettings | null = null;
  /** As last read or written. */
  #known: RemoteSettings = NOTHING;

  constructor(database: WitanDatabase | null) {
    this.#database = database;
  }

  /** Errors: record-invalid (what is stored is left untouched), storage-failed. */
  async read(): Promise<Outcome<RemoteSettings>> {
    if (this.#memory !== null) return ok(this.#memory);
    try {
      const stored = parsed(await this.#database?.get('settings', KEY));
      if (stored.ok) this.#known = stored.value;
      return stored;
    } catch (thrown) {
      return err(failure('storage-failed', { store: 'remote' }, thrown));
    }
  }

  /**
   * Reads, changes and writes with no other tab between. What `change` makes is checked before it is stored.
   * Errors: those of `change`; record-invalid; storage-failed: the change then holds in this tab alone.
   */
  async update(change: RemoteChange): Promise<Outcome<null>> {
    if (this.#database === null) return this.#hold(changedBy(change, ok(this.#memory ?? NOTHING)));
    let changed: Outcome<RemoteSettings> | null = null;
    try {
      const transaction = this.#database.transaction('settings', 'readwrite');
      const before = this.#memory ?? (await transaction.store.get(KEY));
      changed = changedBy(change, parsed(before));
      if (changed.ok) await transaction.store.put(changed.value, KEY);
      await transaction.done;
      if (!changed.ok) return changed;
      this.#known = changed.value;
      this.#memory = null;
      return ok(null);
    } catch (thrown) {
      const held = this.#hold(changed ?? changedBy(change, ok(this.#memory ?? this.#known)));
      return held.ok ? err(failure('storage-failed', { store: 'remote' }, thrown)) : held;
    }
  }

  #hold(changed: Outcome<RemoteSettings>): Outcome<null> {
    if (!changed.ok) return changed;
    this.#memory = changed.value;
    return ok(null);
  }
}

function parsed(stored: unknown): Outcome<RemoteSettings> {
  return stored === undefined ? ok(NOTHING) : parseWith(RemoteSettingsSchema, stored, 'record-invalid');
}

function changedBy(change: RemoteChange, settings: Outcome<RemoteSettings>): Outcome<RemoteSettings> {
  const changed = settings.ok ? change(settings.value) : settings;
  return changed.ok ? parseWith(RemoteSettingsSchema, changed.value, 'record-invalid') : changed;
}
