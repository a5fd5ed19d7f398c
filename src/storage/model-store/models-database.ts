import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';

/**
 * The database of the model store, apart from `witan`: what fills up or breaks here costs no history and no settings.
 * Values are parsed on the way out (`record-schemas.ts`). Version history: 1 first schema.
 */
export interface ModelsSchema extends DBSchema {
  /** Records of files by id. */
  files: { key: string; value: unknown };
  /** Chunk pages by file id and page number. */
  pages: { key: [string, number]; value: unknown };
  /** Records of models by id. */
  models: { key: string; value: unknown };
  /** Where there is no OPFS: sizes of files by name, and their bytes in blocks by name and number. */
  'byte-files': { key: string; value: number };
  'byte-blocks': { key: [string, number]; value: ArrayBuffer };
}

export type ModelsDatabase = IDBPDatabase<ModelsSchema>;

export const MODELS_DATABASE = 'witan-models';
export const MODELS_DATABASE_VERSION = 1;

/** `onLost`: the connection is gone, another tab upgrades, or the browser closed it (storage cleared, disk full). */
export interface ModelsDatabaseEvents {
  readonly onLost: (reason: 'upgrade-elsewhere' | 'closed-by-browser') => void;
}

/** Errors: storage-unavailable where the browser has no IndexedDB or refuses it (private modes, a newer schema). */
export async function openModelsDatabase(events: ModelsDatabaseEvents): Promise<Outcome<ModelsDatabase>> {
  try {
    // Inside the try: where a page may not touch storage, the mere look at `indexedDB` throws.
    if (typeof indexedDB === 'undefined') {
      return err(failure('storage-unavailable', { reason: 'no-indexeddb' }));
    }
    const database = await openDB<ModelsSchema>(MODELS_DATABASE, MODELS_DATABASE_VERSION, {
      upgrade: (db, oldVersion) => {
        if (oldVersion < 1) {
          db.createObjectStore('files');
          db.createObjectStore('pages');
          db.createObjectStore('models');
          db.createObjectStore('byte-files');
          db.createObjectStore('byte-blocks');
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
