import type { Clock } from '#kernel/clock';
import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { BlobSource } from '../../src/storage/model-store/byte-store.ts';
import { IdbJournal } from '../../src/storage/model-store/idb-journal.ts';
import { ModelStore } from '../../src/storage/model-store/model-store.ts';
import { openModelsDatabase } from '../../src/storage/model-store/models-database.ts';
import { openByteStore, type OpenedByteStore } from '../../src/storage/model-store/open-byte-store.ts';
import { ProcessLocks } from '../../src/storage/model-store/process-locks.ts';
import { attempt } from '../../src/storage/model-store/store-failure.ts';
import { wasmHashes } from '../../src/storage/model-store/wasm-hashes.ts';
import { WebFileLocks } from '../../src/storage/model-store/web-file-locks.ts';
import type { HashBeside } from './hash-beside.ts';

export interface OpenedStore {
  readonly store: ModelStore;
  readonly blobs: BlobSource;
  readonly kind: OpenedByteStore['kind'];
}

/**
 * Opens the store of this browser.
 * @param beside where it has whole files hashed
 * @param onLost called when its database is gone: it must be opened anew
 * Errors: storage-unavailable, storage-failed, storage-full.
 */
export async function openStore(
  clock: Clock,
  beside: HashBeside,
  onLost: () => void,
): Promise<Outcome<OpenedStore>> {
  const database = await openModelsDatabase({ onLost });
  if (!database.ok) return database;
  const opened = await openByteStore(database.value, clock);
  if (!opened.ok) {
    database.value.close();
    return opened;
  }
  const { bytes, kind } = opened.value;
  const hashes = await attempt('open', wasmHashes);
  if (!hashes.ok) {
    database.value.close();
    return hashes;
  }
  const { locks } = navigator as { readonly locks?: LockManager };
  const store = await ModelStore.open({
    bytes,
    journal: new IdbJournal(database.value),
    hashes: beside.over(hashes.value),
    locks: locks === undefined ? new ProcessLocks() : new WebFileLocks(locks),
    clock,
  });
  if (!store.ok) {
    database.value.close();
    return store;
  }
  return ok({ store: store.value, blobs: bytes, kind });
}
