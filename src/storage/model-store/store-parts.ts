import type { Clock } from '#kernel/clock';
import type { ByteStore } from './byte-store.ts';
import type { ChunkGeometry } from './chunk-geometry.ts';
import type { FileLedger } from './file-ledger.ts';
import type { FileLocks } from './file-locks.ts';
import type { Journal } from './journal.ts';
import type { StoreHashes } from './store-hashes.ts';

/** What the parts of the store have in common. */
export interface StoreParts {
  readonly bytes: ByteStore;
  readonly journal: Journal;
  readonly ledger: FileLedger;
  readonly hashes: StoreHashes;
  readonly locks: FileLocks;
  readonly clock: Clock;
  readonly geometry: ChunkGeometry;
  /** Most room that must be left beside a file that is begun; see `reserveFor`. */
  readonly reserveBytes: number;
}
