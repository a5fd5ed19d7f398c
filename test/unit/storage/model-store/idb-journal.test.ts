import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, it, vi } from 'vitest';
import { emptyPage } from '../../../../src/storage/model-store/chunk-page.ts';
import { newFile } from '../../../../src/storage/model-store/file-record.ts';
import { IdbJournal } from '../../../../src/storage/model-store/idb-journal.ts';
import type { FileRecord, ModelRecord } from '../../../../src/storage/model-store/journal.ts';
import {
  openModelsDatabase,
  type ModelsDatabase,
} from '../../../../src/storage/model-store/models-database.ts';
import { ModelStore } from '../../../../src/storage/model-store/model-store.ts';
import { IdbByteStore } from '../../../../src/storage/model-store/idb-byte-store.ts';
import { ProcessLocks } from '../../../../src/storage/model-store/process-locks.ts';
import { cheapHashes } from '../../../fakes/cheap-hashes.ts';
import { bad, good } from '../../../fakes/model-store-rig.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const ID = `url-${'a'.repeat(64)}`;
const FILE: FileRecord = {
  ...newFile({ id: ID, urls: ['https://models.example/a'], sizeBytes: 10, sha256: null, chunkSha256: null }),
  stream: { chunks: 1, state: new Uint8Array([1, 2, 3]) },
  faults: [{ atMs: 1, kind: 'short-write', chunk: 0, healed: true }],
};
const MODEL: ModelRecord = {
  id: 'm',
  name: 'M',
  format: 'gguf',
  origin: 'import',
  fileIds: [ID],
  pinned: true,
  addedAtMs: 5,
  lastUsedAtMs: 6,
};

let database: ModelsDatabase;
let journal: IdbJournal;

beforeEach(async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  database = good(await openModelsDatabase({ onLost: () => undefined }));
  journal = new IdbJournal(database);
});

const open = (): ReturnType<typeof ModelStore.open> =>
  ModelStore.open({
    bytes: new IdbByteStore(database),
    journal,
    hashes: cheapHashes,
    locks: new ProcessLocks(),
    clock: new VirtualClock(),
  });

it('gives back what it was given; a change sees its own writes', async () => {
  const page = { ...emptyPage(ID, 0, 8), kept: new Uint8Array([3]) };
  await journal.change(async (editor) => {
    editor.putFile(FILE);
    editor.putPage(page);
    editor.putModel(MODEL);
    expect(await editor.file(ID)).toEqual(FILE);
    expect(await editor.pages(ID)).toEqual([page]);
  });
  const seen = await journal.read(async (view) => [
    await view.file(ID),
    await view.files(),
    await view.pages(ID),
    await view.pages(`${ID}x`),
    await view.model('m'),
    await view.unreadable(),
  ]);
  expect(seen).toEqual([FILE, [FILE], [page], [], MODEL, { files: [], models: [] }]);
  await journal.change(async (editor) => {
    editor.dropFile(ID);
    await Promise.resolve();
  });
  expect(await journal.read((view) => view.pages(ID))).toEqual([]);
});

it('keeps nothing of a change that fails', async () => {
  const failing = journal.change(async (editor) => {
    editor.putFile(FILE);
    await editor.files();
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await journal.read((view) => view.files())).toEqual([]);
});

it('leaves records of another version alone, with their bytes', async () => {
  await journal.change(async (editor) => {
    editor.putModel(MODEL);
    await Promise.resolve();
  });
  await database.put('files', { schema: 'witan.model-file', version: 2, id: ID }, ID);
  await database.put('byte-files', 10, ID);
  const store = good(await open());
  expect(good(await store.list())).toMatchObject([{ id: 'm', state: 'new' }]);
  expect(bad(await store.file(ID)).code).toBe('record-invalid');
  expect(await database.get('byte-files', ID)).toBe(10);
  // Deleting the model is the way out.
  good(await store.removeModel('m'));
  good(await open());
  expect(await database.count('byte-files')).toBe(0);
});

it('does not throw files away that a model it cannot read may need', async () => {
  await journal.change(async (editor) => {
    editor.putFile(FILE);
    editor.putModel(MODEL);
    await Promise.resolve();
  });
  await database.put('models', { version: 9 }, 'later');
  const store = good(await open());
  good(await store.removeModel('m'));
  expect(good(await store.file(ID))?.state).toBe('new');
});

it('says so when the connection is gone', async () => {
  const store = good(await open());
  database.close();
  expect(bad(await store.list())).toMatchObject({
    code: 'storage-failed',
    details: { reason: 'storage-lost' },
  });
  expect(bad(await store.touch('m'))).toMatchObject({ details: { reason: 'storage-lost' } });
});
