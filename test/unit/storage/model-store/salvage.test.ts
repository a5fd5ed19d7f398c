import { expect, it } from 'vitest';
import { ModelStore } from '../../../../src/storage/model-store/model-store.ts';
import { ProcessLocks } from '../../../../src/storage/model-store/process-locks.ts';
import { cheapHashes } from '../../../fakes/cheap-hashes.ts';
import { FaultyByteStore } from '../../../fakes/faulty-byte-store.ts';
import { FaultyJournal } from '../../../fakes/faulty-journal.ts';
import { FaultyOrigin, type Operation } from '../../../fakes/faulty-origin.ts';
import { trueFile, type TrueFile } from '../../../fakes/model-files.ts';
import { ModelStoreAudit } from '../../../fakes/model-store-audit.ts';
import { addModel, bad, contents, good } from '../../../fakes/model-store-rig.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';
import type { OpenSink } from '../../../../src/storage/model-store/file-sink.ts';

const GEOMETRY = { chunkBytes: 64, pageChunks: 8 };
const SIZE = 600;

/** A file of ten chunks; the first was journaled, the next three were written and flushed when the browser was killed. */
class Rig {
  readonly origin = new FaultyOrigin(1);
  readonly operations: Operation[] = [];
  readonly file: TrueFile;

  private constructor(file: TrueFile) {
    this.file = file;
  }

  static async killed(chunks: boolean): Promise<Rig> {
    const known = { whole: true, chunks, size: true };
    const file = await trueFile(5, SIZE, GEOMETRY.chunkBytes, (bytes) => cheapHashes.sha256(bytes), known);
    const rig = new Rig(file);
    const store = await rig.open();
    await addModel(store, 'm', [file.spec]);
    const sink = good(await store.sink(file.spec));
    good(await sink.setSize(SIZE));
    good(await sink.put(0, file.chunk(0)));
    rig.origin.fault = (operation) => (operation === 'journal-change' ? 'throws' : null);
    for (const index of [1, 2, 3]) {
      expect(bad(await sink.put(index, file.chunk(index))).code).toBe('storage-failed');
    }
    rig.origin.fault = () => null;
    rig.origin.crash();
    rig.origin.fault = (operation) => {
      rig.operations.push(operation);
      return null;
    };
    return rig;
  }

  async open(): Promise<ModelStore> {
    return good(
      await ModelStore.open({
        bytes: new FaultyByteStore(this.origin),
        journal: new FaultyJournal(this.origin),
        hashes: cheapHashes,
        locks: new ProcessLocks(),
        clock: new VirtualClock(),
        geometry: GEOMETRY,
        reserveBytes: 0,
      }),
    );
  }

  async resume(): Promise<{ store: ModelStore; sink: OpenSink }> {
    const store = await this.open();
    const sink = good(await store.sink(this.file.spec));
    good(await sink.setSize(SIZE));
    expect(new ModelStoreAudit(this.origin, GEOMETRY).ahead(this.file.spec.id)).toEqual([]);
    return { store, sink };
  }

  rot(atByte: number): void {
    const found = this.origin.files.get(this.file.spec.id);
    for (const bytes of [found?.live, found?.durable]) if (bytes) bytes[atByte] = (bytes[atByte] ?? 0) ^ 1;
  }
}

const REST = [4, 5, 6, 7, 8, 9];

it('what was written and not journaled is found again, and not fetched', async () => {
  const rig = await Rig.killed(true);
  const { store, sink } = await rig.resume();
  expect(sink.missing()).toEqual(REST);
  expect(rig.operations.filter((operation) => operation === 'write')).toEqual([]);
  for (const index of REST) good(await sink.put(index, rig.file.chunk(index)));
  expect(good(await sink.finish()).state).toBe('verified');
  await sink.close();
  expect(await contents(store, rig.file)).toEqual(new Uint8Array(rig.file.bytes));
});

it('bytes that are not the right ones are not believed', async () => {
  const rig = await Rig.killed(true);
  rig.rot(2 * GEOMETRY.chunkBytes + 7);
  expect((await rig.resume()).sink.missing()).toEqual([2, ...REST]);
});

it('without hashes of its own nothing proves a chunk that the journal does not have', async () => {
  const rig = await Rig.killed(false);
  expect((await rig.resume()).sink.missing()).toEqual([1, 2, 3, ...REST]);
});

it('a disk that cannot be read costs a fetch, no more', async () => {
  const rig = await Rig.killed(true);
  rig.origin.fault = (operation) => (operation === 'read' ? 'throws' : null);
  expect((await rig.resume()).sink.missing()).toEqual([1, 2, 3, ...REST]);
});

it('in a file that is begun nothing is found', async () => {
  const rig = await Rig.killed(true);
  const { chunkBytes } = GEOMETRY;
  const known = { whole: true, chunks: true, size: true };
  const other = await trueFile(6, SIZE, chunkBytes, (bytes) => cheapHashes.sha256(bytes), known);
  const store = await rig.open();
  await addModel(store, 'n', [other.spec]);
  const sink = good(await store.sink(other.spec));
  good(await sink.setSize(SIZE));
  expect(sink.missing()).toEqual([0, 1, 2, 3, ...REST]);
});
