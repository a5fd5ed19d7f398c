import { expect, it } from 'vitest';
import { ModelStore } from '../../../../src/storage/model-store/model-store.ts';
import { ProcessLocks } from '../../../../src/storage/model-store/process-locks.ts';
import { cheapHashes } from '../../../fakes/cheap-hashes.ts';
import { FaultyByteStore } from '../../../fakes/faulty-byte-store.ts';
import { FaultyJournal } from '../../../fakes/faulty-journal.ts';
import { FaultyOrigin, type Operation, type OriginFault } from '../../../fakes/faulty-origin.ts';
import { trueFile, type TrueFile } from '../../../fakes/model-files.ts';
import { ModelStoreAudit } from '../../../fakes/model-store-audit.ts';
import { addModel, bad, contents, good } from '../../../fakes/model-store-rig.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';
import type { OpenSink } from '../../../../src/storage/model-store/file-sink.ts';

const GEOMETRY = { chunkBytes: 64, pageChunks: 8 };
const SIZE = 600;
const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** A file of ten chunks over two pages of the journal, of which only the whole's hash is known, if any. */
class Rig {
  readonly origin = new FaultyOrigin(1);
  readonly store: ModelStore;
  readonly file: TrueFile;
  readonly sink: OpenSink;

  private constructor(origin: FaultyOrigin, store: ModelStore, file: TrueFile, sink: OpenSink) {
    this.origin = origin;
    this.store = store;
    this.file = file;
    this.sink = sink;
  }

  static async open(whole: boolean): Promise<Rig> {
    const origin = new FaultyOrigin(1);
    const store = good(
      await ModelStore.open({
        bytes: new FaultyByteStore(origin),
        journal: new FaultyJournal(origin),
        hashes: cheapHashes,
        locks: new ProcessLocks(),
        clock: new VirtualClock(),
        geometry: GEOMETRY,
        reserveBytes: 0,
      }),
    );
    const known = { whole, chunks: false, size: true };
    const file = await trueFile(5, SIZE, GEOMETRY.chunkBytes, (bytes) => cheapHashes.sha256(bytes), known);
    await addModel(store, 'm', [file.spec]);
    const sink = good(await store.sink(file.spec));
    good(await sink.setSize(SIZE));
    return new Rig(origin, store, file, sink);
  }

  putAll(): ReturnType<OpenSink['put']>[] {
    return ALL.map((index) => this.sink.put(index, this.file.chunk(index)));
  }

  /** The nth `operation` from now on meets this. */
  strike(operation: Operation, nth: number, fault: OriginFault): void {
    let seen = 0;
    this.origin.fault = (now) => {
      if (now === operation) seen += 1;
      return now === operation && seen === nth ? fault : null;
    };
  }

  get ahead(): readonly number[] {
    return new ModelStoreAudit(this.origin, GEOMETRY).ahead(this.file.spec.id);
  }

  async finish(): Promise<void> {
    for (const index of this.sink.missing() ?? []) good(await this.sink.put(index, this.file.chunk(index)));
    expect(good(await this.sink.finish()).state).toBe('verified');
    await this.sink.close();
    expect(await contents(this.store, this.file)).toEqual(new Uint8Array(this.file.bytes));
  }
}

it('chunks that are written while others are journaled share one flush and one entry', async () => {
  const rig = await Rig.open(true);
  const operations: Operation[] = [];
  rig.origin.fault = (operation) => {
    operations.push(operation);
    return null;
  };
  await Promise.all(rig.putAll());
  const count = (wanted: Operation): number => operations.filter((each) => each === wanted).length;
  expect(count('write')).toBe(ALL.length);
  expect(count('flush')).toBeLessThan(ALL.length);
  expect(count('journal-change')).toBe(count('flush'));
  // All of it was hashed as it came: nothing is read back.
  expect(good(await rig.sink.finish()).state).toBe('verified');
  expect(count('read')).toBe(0);
});

it.each(['flush', 'journal-change'] as const)(
  'a %s that fails costs the chunks that it was for, and the hash of the whole has not seen them',
  async (operation) => {
    for (let nth = 1; nth <= 3; nth += 1) {
      const rig = await Rig.open(true);
      rig.strike(operation, nth, 'throws');
      const puts = await Promise.all(rig.putAll());
      rig.origin.fault = () => null;
      const refused = ALL.filter((index) => puts[index]?.ok === false);
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.length).toBeLessThan(ALL.length);
      expect(rig.sink.missing()).toEqual(refused);
      for (const index of refused) expect(puts[index]).toMatchObject({ error: { code: 'storage-failed' } });
      expect(rig.ahead).toEqual([]);
      await rig.finish();
    }
  },
);

it('other bytes that come for a chunk whose entry failed are those that the whole is hashed with', async () => {
  const rig = await Rig.open(true);
  for (const index of ALL.slice(0, 9)) good(await rig.sink.put(index, rig.file.chunk(index)));
  rig.strike('journal-change', 1, 'throws');
  const other = rig.file.chunk(9).map((byte) => byte ^ 1);
  expect(bad(await rig.sink.put(9, other)).code).toBe('storage-failed');
  await rig.finish();
});

it('a chunk that is put again before it is journaled is not written over', async () => {
  const rig = await Rig.open(false);
  const other = rig.file.chunk(0).map((byte) => byte ^ 1);
  const puts = await Promise.all([rig.sink.put(0, rig.file.chunk(0)), rig.sink.put(0, other)]);
  good(puts[0]);
  // What came first is the truth where nobody knows another.
  expect(bad(puts[1]).details).toMatchObject({ reason: 'chunk', chunk: 0 });
  expect(rig.ahead).toEqual([]);
  await rig.finish();
});

it('closing waits for what is on its way into the journal, and refuses what comes later', async () => {
  const rig = await Rig.open(true);
  const put = rig.sink.put(0, rig.file.chunk(0));
  const closed = rig.sink.close();
  const late = rig.sink.put(1, rig.file.chunk(1));
  good(await put);
  await closed;
  expect(bad(await late).details['reason']).toBe('closed');
  expect(rig.ahead).toEqual([]);
  expect(new ModelStoreAudit(rig.origin, GEOMETRY).kept(rig.file.spec.id)).toEqual([0]);
});
