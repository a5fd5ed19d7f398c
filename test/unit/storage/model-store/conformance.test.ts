import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it, vi } from 'vitest';
import { IdbByteStore } from '../../../../src/storage/model-store/idb-byte-store.ts';
import { IdbJournal } from '../../../../src/storage/model-store/idb-journal.ts';
import { openModelsDatabase } from '../../../../src/storage/model-store/models-database.ts';
import { ProcessLocks } from '../../../../src/storage/model-store/process-locks.ts';
import { wasmHashes } from '../../../../src/storage/model-store/wasm-hashes.ts';
import { FaultyByteStore } from '../../../fakes/faulty-byte-store.ts';
import { FaultyJournal } from '../../../fakes/faulty-journal.ts';
import { FaultyOrigin } from '../../../fakes/faulty-origin.ts';
import {
  CHUNK,
  CONFORMANCE_CASES,
  runConformanceCase,
  type ConformancePorts,
} from '../../../fakes/model-store-conformance.ts';
import { good } from '../../../fakes/model-store-rig.ts';

const STORES: Readonly<Record<string, () => Promise<ConformancePorts>>> = {
  'in memory': async () => {
    const origin = new FaultyOrigin(1);
    return {
      bytes: new FaultyByteStore(origin),
      journal: new FaultyJournal(origin),
      hashes: await wasmHashes(),
      locks: new ProcessLocks(),
    };
  },
  // Blocks as large as chunks, as shipped, and blocks that lie across them.
  ...Object.fromEntries(
    [CHUNK, 3000].map((blockBytes) => [
      `in IndexedDB, blocks of ${String(blockBytes)}`,
      async (): Promise<ConformancePorts> => {
        vi.stubGlobal('indexedDB', new IDBFactory());
        const database = good(await openModelsDatabase({ onLost: () => undefined }));
        return {
          bytes: new IdbByteStore(database, blockBytes),
          journal: new IdbJournal(database),
          hashes: await wasmHashes(),
          locks: new ProcessLocks(),
        };
      },
    ]),
  ),
};

describe.each(Object.entries(STORES))('a model store %s', (_, ports) => {
  it.each(CONFORMANCE_CASES)('%s', async (name) => {
    await expect(runConformanceCase(name, await ports())).resolves.toBeUndefined();
  });
});
