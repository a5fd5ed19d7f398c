import { VirtualClock } from './virtual-clock.ts';
import { flipped, trueFile, type Knowledge, type TrueFile } from './model-files.ts';
import {
  addModel,
  bad,
  contents,
  download,
  equal,
  good,
  model,
  ModelStoreRig,
  putMissing,
  stored,
} from './model-store-rig.ts';
import type { ModelStorePorts } from '../../src/storage/model-store/model-store.ts';

/** What the cases need besides the ports under test. */
export type ConformancePorts = Pick<ModelStorePorts, 'bytes' | 'journal' | 'hashes' | 'locks'>;

export const CHUNK = 4096;
const CHUNKS = 11;
const SIZE = CHUNKS * CHUNK - 1000;
const ONLY_WHOLE: Knowledge = { whole: true, chunks: false, size: true };
const ALL: Knowledge = { whole: true, chunks: true, size: true };
const NOTHING: Knowledge = { whole: false, chunks: false, size: false };
const backwards = (missing: readonly number[]): readonly number[] => [...missing].reverse();

interface Rig extends ModelStoreRig {
  readonly clock: VirtualClock;
  file(seed: number, knowledge: Knowledge, sizeBytes?: number): Promise<TrueFile>;
}

function rigOf(ports: ConformancePorts): Rig {
  const clock = new VirtualClock();
  const rig = new ModelStoreRig({
    ...ports,
    clock,
    geometry: { chunkBytes: CHUNK, pageChunks: 8 },
    reserveBytes: 2 ** 20,
  });
  const file = (seed: number, knowledge: Knowledge, sizeBytes = SIZE): Promise<TrueFile> =>
    trueFile(seed, sizeBytes, CHUNK, (bytes) => ports.hashes.sha256(bytes), knowledge);
  return Object.assign(rig, { clock, file });
}

const CASES: Readonly<Record<string, (rig: Rig) => Promise<void>>> = {
  'keeps a file that comes in any order, and finds it again': async (rig) => {
    for (const [seed, knowledge] of [ONLY_WHOLE, ALL, NOTHING].entries()) {
      const file = await rig.file(seed, knowledge);
      const store = await rig.open();
      await addModel(store, `m${String(seed)}`, [file.spec]);
      const sink = good(await store.sink(file.spec));
      await putMissing(sink, file, backwards);
      equal(sink.missing(), []);
      const whole = good(await sink.finish());
      await sink.close();
      equal([whole.state, whole.keptBytes, whole.keptChunks], ['verified', SIZE, CHUNKS]);
      equal(whole.sha256 !== null, true);
      const again = await rig.open();
      equal(again.recovery, { lostFiles: [], lostChunks: 0, strayFiles: 0 });
      equal((await stored(again, file)).state, 'verified');
      equal(await contents(again, file), file.bytes);
    }
  },
  'refuses a chunk of other bytes and writes nothing of it': async (rig) => {
    const file = await rig.file(1, ALL);
    const store = await rig.open();
    await addModel(store, 'm', [file.spec]);
    const sink = good(await store.sink(file.spec));
    good(await sink.setSize(SIZE));
    const refused = bad(await sink.put(3, flipped(file.chunk(3))));
    equal([refused.code, refused.details['reason'], refused.details['chunk']], ['model-invalid', 'chunk', 3]);
    equal((sink.missing() ?? []).length, CHUNKS);
    equal(
      (await stored(store, file)).faults.map((fault) => [fault.kind, fault.chunk, fault.healed]),
      [['chunk-mismatch', 3, false]],
    );
    await putMissing(sink, file);
    const whole = good(await sink.finish());
    await sink.close();
    equal([whole.state, whole.faults[0]?.healed], ['verified', true]);
  },
  'drops everything when the whole is another file': async (rig) => {
    const file = await rig.file(2, ONLY_WHOLE);
    const store = await rig.open();
    await addModel(store, 'm', [file.spec]);
    const sink = good(await store.sink(file.spec));
    good(await sink.setSize(SIZE));
    good(await sink.put(5, flipped(file.chunk(5))));
    await putMissing(sink, file);
    const refused = bad(await sink.finish());
    equal([refused.code, refused.details['reason']], ['model-invalid', 'sha256']);
    equal((sink.missing() ?? []).length, CHUNKS);
    equal((await stored(store, file)).state, 'new');
    await putMissing(sink, file);
    equal(good(await sink.finish()).state, 'verified');
    await sink.close();
  },
  'goes on where the last visit ended': async (rig) => {
    for (const [seed, knowledge] of [ONLY_WHOLE, ALL, NOTHING].entries()) {
      const file = await rig.file(10 + seed, knowledge);
      const first = await rig.open();
      await addModel(first, `m${String(seed)}`, [file.spec]);
      const begun = good(await first.sink(file.spec));
      good(await begun.setSize(SIZE));
      for (const index of [0, 1, 2, 6, 8]) good(await begun.put(index, file.chunk(index)));
      await begun.close();
      const second = await rig.open();
      equal((await stored(second, file)).state, 'partial');
      const resumed = good(await second.sink(file.spec));
      equal(resumed.missing(), [3, 4, 5, 7, 9, 10]);
      equal(await putMissing(resumed, file), 6);
      equal(good(await resumed.finish()).state, 'verified');
      await resumed.close();
      equal(await contents(second, file), file.bytes);
    }
  },
  'a flipped bit costs exactly one chunk': async (rig) => {
    const file = await rig.file(3, ONLY_WHOLE);
    const store = await rig.open();
    await addModel(store, 'm', [file.spec]);
    good(await download(store, file));
    await rig.rot(file.spec.id, 4 * CHUNK + 17);
    const reader = good(await store.reader(file.spec.id));
    equal(good(await reader.read(3)), file.chunk(3));
    const refused = bad(await reader.read(4));
    equal([refused.code, refused.details['reason'], refused.details['chunk']], ['model-invalid', 'chunk', 4]);
    equal((await model(store, 'm')).state, 'suspect');
    equal(good(await store.repairNeeded(file.spec.id)), [4]);
    const sink = good(await store.sink(file.spec));
    good(await sink.setSize(SIZE));
    const wrong = bad(await sink.put(4, flipped(file.chunk(4))));
    equal(wrong.details['reason'], 'chunk');
    good(await sink.put(4, file.chunk(4)));
    equal(good(await sink.finish()).state, 'verified');
    await sink.close();
    equal(good(await reader.read(4)), file.chunk(4));
    await reader.close();
  },
  'verify finds every bad chunk': async (rig) => {
    const file = await rig.file(4, ALL);
    const store = await rig.open();
    await addModel(store, 'm', [file.spec]);
    good(await download(store, file));
    const signal = new AbortController().signal;
    equal(good(await store.verify(signal, file.spec.id, { depth: 'sha256' })).state, 'verified');
    await rig.rot(file.spec.id, 0);
    await rig.rot(file.spec.id, SIZE - 1);
    const seen: number[] = [];
    const found = good(await store.verify(signal, file.spec.id, { onProgress: (done) => seen.push(done) }));
    equal([found.state, found.keptChunks, seen.length], ['suspect', CHUNKS - 2, CHUNKS]);
    equal(good(await store.repairNeeded(file.spec.id)), [0, CHUNKS - 1]);
    equal(bad(await store.verify(AbortSignal.abort(), file.spec.id)).code, 'cancelled');
    equal(good(await download(store, file)).state, 'verified');
  },
  'a file that became shorter, or is gone, is never called whole': async (rig) => {
    const file = await rig.file(5, ONLY_WHOLE);
    const store = await rig.open();
    await addModel(store, 'm', [file.spec]);
    good(await download(store, file));
    await rig.cut(file.spec.id, 3 * CHUNK + 5);
    const cut = await rig.open();
    equal(cut.recovery, { lostFiles: [file.spec.id], lostChunks: CHUNKS - 3, strayFiles: 0 });
    equal([(await stored(cut, file)).state, (await stored(cut, file)).keptChunks], ['suspect', 3]);
    equal(good(await download(cut, file)).state, 'verified');
    await rig.ports.bytes.remove(file.spec.id);
    const gone = await rig.open();
    const found = await stored(gone, file);
    equal([found.state, found.keptChunks, found.faults.at(-1)?.kind], ['suspect', 0, 'lost-data']);
    equal(good(await download(gone, file)).state, 'verified');
    equal(await contents(gone, file), file.bytes);
  },
  'a file that two models share goes with the last of them': async (rig) => {
    const [shared, own] = [await rig.file(6, ALL), await rig.file(7, ALL, 5000)];
    const store = await rig.open();
    await addModel(store, 'a', [shared.spec, own.spec]);
    await addModel(store, 'b', [shared.spec]);
    for (const file of [shared, own]) good(await download(store, file));
    good(await store.removeModel('a'));
    equal(good(await store.file(own.spec.id)), null);
    equal((await model(store, 'b')).state, 'verified');
    good(await store.removeModel('b'));
    equal(good(await store.list()), []);
    equal(await rig.ports.bytes.list(), []);
  },
  'a deleted file stays until nobody reads it': async (rig) => {
    const file = await rig.file(8, ALL);
    const store = await rig.open();
    await addModel(store, 'm', [file.spec]);
    good(await download(store, file));
    const reader = good(await store.reader(file.spec.id));
    equal(good(await store.removeModel('m')), { freedBytes: 0 });
    equal((await stored(store, file)).state, 'tombstone');
    equal(good(await reader.read(2)), file.chunk(2));
    equal(bad(await store.sink(file.spec)).details['reason'], 'unknown');
    await reader.close();
    equal(good(await store.reclaim()).freedBytes, SIZE);
    equal(good(await store.file(file.spec.id)), null);
  },
  'a deleted file that is wanted again keeps what is left of it': async (rig) => {
    const file = await rig.file(9, ONLY_WHOLE);
    const store = await rig.open();
    await addModel(store, 'm', [file.spec]);
    good(await download(store, file));
    const reader = good(await store.reader(file.spec.id));
    good(await store.removeModel('m'));
    await addModel(store, 'again', [file.spec]);
    await reader.close();
    equal(good(await store.reclaim()).freedBytes, 0);
    const sink = good(await store.sink(file.spec));
    equal(sink.missing(), []);
    equal(good(await sink.finish()).state, 'verified');
    await sink.close();
  },
  'the least recently used go first, pinned ones never': async (rig) => {
    const store = await rig.open();
    const names = ['old', 'used', 'pinned', 'young'];
    for (const [seed, name] of names.entries()) {
      rig.clock.advance(1000);
      const file = await rig.file(20 + seed, ALL);
      await addModel(store, name, [file.spec]);
      good(await download(store, file));
    }
    good(await store.pin('pinned', true));
    rig.clock.advance(1000);
    good(await store.touch('used'));
    const plan = good(await store.evictor.plan(SIZE + 1));
    equal([plan.models.map(({ id }) => id), plan.enough], [['old', 'young'], true]);
    equal(good(await store.evictor.plan(4 * SIZE)).enough, false);
    good(await store.pin('young', true));
    equal(good(await store.evictor.evict(plan)), { freedBytes: SIZE, models: ['old'] });
    equal(
      good(await store.list()).map(({ id }) => id),
      ['pinned', 'used', 'young'],
    );
  },
  'one writer at a time; what does not fit is refused': async (rig) => {
    const file = await rig.file(30, { ...ALL, chunks: false });
    const store = await rig.open();
    equal(bad(await store.sink(file.spec)).details['reason'], 'unknown');
    await addModel(store, 'm', [file.spec]);
    const sink = good(await store.sink(file.spec));
    equal(bad(await store.sink(file.spec)).details['reason'], 'busy');
    equal(bad(await sink.setSize(SIZE + 1)).details['reason'], 'size');
    good(await sink.setSize(SIZE));
    for (const [index, bytes] of [
      [0, file.chunk(0).slice(1)],
      [CHUNKS, file.chunk(0)],
      [-1, file.chunk(0)],
    ] as const) {
      equal(bad(await sink.put(index, bytes)).details['reason'], 'chunk');
    }
    equal(bad(await sink.finish()).details['missingChunks'], CHUNKS);
    await sink.close();
    equal(bad(await sink.put(0, file.chunk(0))).details['reason'], 'closed');
    const next = good(await store.sink(file.spec));
    await next.close();
    equal(bad(await store.reader(`url-${'f'.repeat(64)}`)).details['reason'], 'unknown');
    equal(
      bad(
        await store.addModel({
          id: 'x',
          name: 'x',
          format: 'gguf',
          origin: 'import',
          files: [{ ...file.spec, id: '../up' }],
        }),
      ).details['reason'],
      'spec',
    );
    equal(bad(await store.touch('nobody')).details['reason'], 'unknown');
  },
  'takes the buffer back after a put': async (rig) => {
    const file = await rig.file(31, ONLY_WHOLE);
    const store = await rig.open();
    await addModel(store, 'm', [file.spec]);
    const sink = good(await store.sink(file.spec));
    good(await sink.setSize(SIZE));
    const buffer = new Uint8Array(CHUNK);
    for (let index = 0; index < CHUNKS; index += 1) {
      const chunk = file.chunk(index);
      buffer.set(chunk);
      good(await sink.put(index, buffer.subarray(0, chunk.length)));
      buffer.fill(0);
    }
    equal(good(await sink.finish()).state, 'verified');
    await sink.close();
    equal(await contents(store, file), file.bytes);
  },
  'strays go; free room is measured or unknown': async (rig) => {
    const stray = await rig.ports.bytes.open('stray', 'write');
    await stray?.write(new Uint8Array(10), 0);
    await stray?.close();
    const store = await rig.open();
    equal(store.recovery.strayFiles, 1);
    equal(await rig.ports.bytes.list(), []);
    const free = good(await store.freeBytes(64 * 2 ** 20));
    equal(free === null, !rig.ports.bytes.reserves);
    equal(await rig.ports.bytes.list(), []);
  },
};

export const CONFORMANCE_CASES = Object.keys(CASES);

/** Runs one case over empty ports. @throws what is wrong */
export async function runConformanceCase(name: string, ports: ConformancePorts): Promise<void> {
  const run = CASES[name];
  if (run === undefined) throw new Error(`no case ${name}`);
  await run(rigOf(ports));
}
