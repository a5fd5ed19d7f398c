import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { BlobSource, ByteStore } from './byte-store.ts';
import { IdbByteStore } from './idb-byte-store.ts';
import type { ModelsDatabase } from './models-database.ts';
import { OpfsByteStore } from './opfs-byte-store.ts';

/** The folder of the origin's private file system in which all files lie. */
export const BLOBS_FOLDER = 'blobs';

export interface OpenedByteStore {
  readonly bytes: ByteStore & BlobSource;
  readonly kind: 'opfs' | 'indexeddb';
}

/**
 * OPFS where there is one, else IndexedDB. The choice stays: where files lie in IndexedDB already, it is IndexedDB; where
 * the journal speaks of files elsewhere and OPFS fails, nothing is opened, rather than to find all of them lost.
 * Errors: storage-unavailable (reason `opfs`), storage-failed.
 */
export async function openByteStore(
  database: ModelsDatabase,
  clock: Clock,
): Promise<Outcome<OpenedByteStore>> {
  try {
    const fallback: OpenedByteStore = { bytes: new IdbByteStore(database), kind: 'indexeddb' };
    if ((await database.count('byte-files')) > 0) return ok(fallback);
    try {
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle(BLOBS_FOLDER, { create: true });
      return ok({ bytes: await OpfsByteStore.in(folder, clock), kind: 'opfs' });
    } catch (thrown) {
      if ((await database.count('files')) === 0) return ok(fallback);
      return err(failure('storage-unavailable', { reason: 'opfs' }, thrown));
    }
  } catch (thrown) {
    return err(failure('storage-failed', { doing: 'open', reason: 'unknown' }, thrown));
  }
}
