import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';

/**
 * The IndexedDB schema. Values are stored as plain data and parsed with their valibot schema on the way out, so a
 * record of another version is reported, never cast. Version history: 1 first schema · 2 `predictions` ·
 * 3 `responses`, `response-bodies`, `conversations`, `calibrations`.
 */
export interface WitanSchema extends DBSchema {
  deliberations: { key: string; value: unknown; indexes: { askedAt: number } };
  history: { key: string; value: unknown; indexes: { startMs: number } };
  benchmarks: { key: number; value: unknown };
  settings: { key: string; value: unknown };
  predictions: { key: number; value: unknown };
  /** What is to know of a kept answer without reading it; the answer itself lies in `response-bodies` under the same key. */
  responses: { key: string; value: unknown };
  'response-bodies': { key: string; value: unknown };
  conversations: { key: string; value: unknown; indexes: { updatedAt: number } };
  calibrations: { key: string; value: unknown };
}

export type WitanDatabase = IDBPDatabase<WitanSchema>;

export const DATABASE_NAME = 'witan';
export const DATABASE_VERSION = 3;

export interface DatabaseEvents {
  /** The connection is gone: another tab upgrades, or the browser closed it (storage cleared, disk full). */
  readonly onLost: (reason: 'upgrade-elsewhere' | 'closed-by-browser') => void;
}

/**
 * Opens the database and creates or migrates its stores.
 * Errors: storage-unavailable where the browser has no IndexedDB or refuses it (private modes).
 */
export async function openWitanDatabase(events: DatabaseEvents): Promise<Outcome<WitanDatabase>> {
  try {
    // Inside the try: where a page may not touch storage, the mere look at `indexedDB` throws.
    if (typeof indexedDB === 'undefined') {
      return err(failure('storage-unavailable', { reason: 'no-indexeddb' }));
    }
    const database = await openDB<WitanSchema>(DATABASE_NAME, DATABASE_VERSION, {
      upgrade: (db, oldVersion) => {
        if (oldVersion < 1) {
          db.createObjectStore('deliberations').createIndex('askedAt', 'askedAt');
          db.createObjectStore('history').createIndex('startMs', 'startMs');
          db.createObjectStore('benchmarks', { autoIncrement: true });
          db.createObjectStore('settings');
        }
        if (oldVersion < 2) db.createObjectStore('predictions', { autoIncrement: true });
        if (oldVersion < 3) {
          db.createObjectStore('responses');
          db.createObjectStore('response-bodies');
          db.createObjectStore('conversations').createIndex('updatedAt', 'updatedAt');
          db.createObjectStore('calibrations');
        }
      },
      // A newer tab wants to upgrade: let go at once, or it waits for ever.
      blocking: () => {
        database.close();
        events.onLost('upgrade-elsewhere');
      },
      terminated: () => {
        events.onLost('closed-by-browser');
      },
    });
    return ok(database);
  } catch (thrown) {
    return err(failure('storage-unavailable', { reason: 'refused' }, thrown));
  }
}
