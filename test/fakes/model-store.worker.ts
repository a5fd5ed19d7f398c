import { systemClock } from '../../src/kernel/clock.ts';
import { IdbJournal } from '../../src/storage/model-store/idb-journal.ts';
import { MODELS_DATABASE, openModelsDatabase } from '../../src/storage/model-store/models-database.ts';
import { ModelStore } from '../../src/storage/model-store/model-store.ts';
import { BLOBS_FOLDER, openByteStore } from '../../src/storage/model-store/open-byte-store.ts';
import { OpfsByteStore } from '../../src/storage/model-store/opfs-byte-store.ts';
import { ProcessLocks } from '../../src/storage/model-store/process-locks.ts';
import { wasmHashes } from '../../src/storage/model-store/wasm-hashes.ts';
import { runConformanceCase } from './model-store-conformance.ts';
import { trueFile } from './model-files.ts';
import { addModel, contents, download, equal, good } from './model-store-rig.ts';

/** What the page asks of this worker, and what it answers: null when all is well, else what is wrong. */
export type StoreTask =
  | { readonly do: 'conformance'; readonly name: string }
  | { readonly do: 'whole-store' }
  | { readonly do: 'begin-and-hang'; readonly puts: number }
  | { readonly do: 'resume'; readonly puts: number };

const MEGABYTE = 2 ** 20;

/** Empties the origin of what the model store keeps. */
async function clear(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(BLOBS_FOLDER, { recursive: true }).catch(() => undefined);
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(MODELS_DATABASE);
    request.onsuccess = () => {
      resolve();
    };
    request.onerror = () => {
      reject(new Error('the database stays'));
    };
  });
}

async function openStore(): Promise<ModelStore> {
  const database = good(await openModelsDatabase({ onLost: () => undefined }));
  const { bytes, kind } = good(await openByteStore(database, systemClock));
  equal(kind, 'opfs');
  const ports = { bytes, journal: new IdbJournal(database), hashes: await wasmHashes() };
  return good(await ModelStore.open({ ...ports, locks: new ProcessLocks(), clock: systemClock }));
}

/** Three chunks and a bit, as they are shipped. */
async function bigFile(): ReturnType<typeof trueFile> {
  const { sha256 } = await wasmHashes();
  const known = { whole: true, chunks: false, size: true };
  return trueFile(99, 13 * MEGABYTE + 5, 4 * MEGABYTE, sha256, known);
}

const TASKS: {
  readonly [Name in StoreTask['do']]: (task: Extract<StoreTask, { do: Name }>) => Promise<void>;
} = {
  conformance: async ({ name }) => {
    await clear();
    const database = good(await openModelsDatabase({ onLost: () => undefined }));
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(BLOBS_FOLDER, { create: true });
    try {
      await runConformanceCase(name, {
        bytes: await OpfsByteStore.in(folder, systemClock),
        journal: new IdbJournal(database),
        hashes: await wasmHashes(),
        locks: new ProcessLocks(),
      });
    } finally {
      database.close();
    }
  },
  'whole-store': async () => {
    await clear();
    const store = await openStore();
    const file = await bigFile();
    await addModel(store, 'm', [file.spec]);
    equal(good(await download(store, file)).state, 'verified');
    const read = await contents(store, file);
    equal(read.length, file.bytes.length);
    equal(
      read.every((byte, index) => byte === file.bytes[index]),
      true,
    );
    equal(good(await store.freeBytes(32 * MEGABYTE)), 32 * MEGABYTE);
    store.close();
  },
  'begin-and-hang': async ({ puts }) => {
    await clear();
    const store = await openStore();
    const file = await bigFile();
    await addModel(store, 'm', [file.spec]);
    const sink = good(await store.sink(file.spec));
    good(await sink.setSize(file.bytes.length));
    for (let index = 0; index < puts; index += 1) good(await sink.put(index, file.chunk(index)));
  },
  resume: async ({ puts }) => {
    const store = await openStore();
    const file = await bigFile();
    equal(store.recovery.lostChunks, 0);
    equal(good(await store.repairNeeded(file.spec.id)).length, file.chunks - puts);
    equal(good(await download(store, file)).state, 'verified');
    store.close();
  },
};

self.onmessage = ({ data }: MessageEvent<StoreTask>): void => {
  const run = TASKS[data.do] as (task: StoreTask) => Promise<void>;
  run(data).then(
    () => {
      self.postMessage(null);
    },
    (thrown: unknown) => {
      self.postMessage(thrown instanceof Error ? thrown.message : JSON.stringify(thrown));
    },
  );
};
