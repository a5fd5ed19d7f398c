import { expect, it } from 'vitest';
import { ModelStore } from '../../../../src/storage/model-store/model-store.ts';
import { ProcessLocks } from '../../../../src/storage/model-store/process-locks.ts';
import type { StoreHashes } from '../../../../src/storage/model-store/store-hashes.ts';
import { cheapHashes } from '../../../fakes/cheap-hashes.ts';
import { FaultyByteStore } from '../../../fakes/faulty-byte-store.ts';
import { FaultyJournal } from '../../../fakes/faulty-journal.ts';
import { FaultyOrigin } from '../../../fakes/faulty-origin.ts';
import { trueFile, type TrueFile } from '../../../fakes/model-files.ts';
import { addModel, bad, download, good, stored } from '../../../fakes/model-store-rig.ts';
import { mortalHashes } from '../../../fakes/mortal-hashes.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const GEOMETRY = { chunkBytes: 64, pageChunks: 8 };
const fileOf = (whole: boolean): Promise<TrueFile> =>
  trueFile(3, 600, 64, (bytes) => cheapHashes.sha256(bytes), { whole, chunks: false, size: true });

async function open(origin: FaultyOrigin, hashes: StoreHashes = cheapHashes): Promise<ModelStore> {
  return good(
    await ModelStore.open({
      bytes: new FaultyByteStore(origin),
      journal: new FaultyJournal(origin),
      hashes,
      locks: new ProcessLocks(),
      clock: new VirtualClock(),
      geometry: GEOMETRY,
      reserveBytes: 0,
    }),
  );
}

it.each(['quota', 'code', 'short'] as const)(
  'a full disk (%s) costs no chunk that is kept',
  async (whenFull) => {
    const origin = new FaultyOrigin(1);
    const store = await open(origin);
    const file = await fileOf(true);
    await addModel(store, 'm', [file.spec]);
    const sink = good(await store.sink(file.spec));
    good(await sink.setSize(600));
    for (const index of [0, 1, 2]) good(await sink.put(index, file.chunk(index)));
    // Others have filled the disk: what was reserved here is gone as well.
    origin.whenFull = whenFull;
    origin.capacityBytes = 100;
    const refused = bad(await sink.put(3, file.chunk(3)));
    expect(refused.code).toBe('storage-full');
    expect(sink.missing()).toEqual([3, 4, 5, 6, 7, 8, 9]);
    const { faults, keptChunks } = await stored(store, file);
    expect(keptChunks).toBe(3);
    expect(faults).toMatchObject([{ kind: whenFull === 'short' ? 'short-write' : 'storage-full', chunk: 3 }]);
    origin.capacityBytes = Number.POSITIVE_INFINITY;
    for (const index of sink.missing() ?? []) good(await sink.put(index, file.chunk(index)));
    const whole = good(await sink.finish());
    expect([whole.state, whole.faults.every((fault) => fault.healed)]).toEqual(['verified', true]);
  },
);

it('does not read again what the saved state of the hash has seen', async () => {
  const origin = new FaultyOrigin(1);
  const file = await fileOf(true);
  const hashed: number[] = [];
  const counting: StoreHashes = {
    ...cheapHashes,
    stream: async (state) => {
      const stream = await cheapHashes.stream(state);
      return {
        ...stream,
        update: (bytes) => {
          hashed.push(bytes.length);
          return stream.update(bytes);
        },
      };
    },
  };
  const first = await open(origin, counting);
  await addModel(first, 'm', [file.spec]);
  const sink = good(await first.sink(file.spec));
  good(await sink.setSize(600));
  for (const index of [1, 0, 2, 4]) good(await sink.put(index, file.chunk(index)));
  await sink.close();
  expect(hashed.length).toBe(3);
  expect(good(await download(await open(origin, counting), file)).state).toBe('verified');
  expect(hashed.length).toBe(file.chunks);
});

it('hashes what is kept once more when the saved state is of another build', async () => {
  const origin = new FaultyOrigin(1);
  const file = await fileOf(true);
  const first = await open(origin);
  await addModel(first, 'm', [file.spec]);
  const sink = good(await first.sink(file.spec));
  good(await sink.setSize(600));
  for (const index of [0, 1, 2]) good(await sink.put(index, file.chunk(index)));
  await sink.close();
  const otherBuild: StoreHashes = {
    ...cheapHashes,
    stream: (state) =>
      state === null ? cheapHashes.stream(null) : Promise.reject(new Error('another build')),
  };
  expect(good(await download(await open(origin, otherBuild), file)).state).toBe('verified');
});

it.each(Array.from({ length: 17 }, (_, work) => work))(
  'goes on from what is kept when the thread that hashes dies at its work no. %i',
  async (fatal) => {
    const origin = new FaultyOrigin(1);
    const file = await fileOf(true);
    let works = 0;
    const store = await open(
      origin,
      mortalHashes(cheapHashes, () => works++ === fatal),
    );
    await addModel(store, 'm', [file.spec]);
    const sink = good(await store.sink(file.spec));
    good(await sink.setSize(600));
    for (const index of [1, 0, 2, 3]) good(await sink.put(index, file.chunk(index)));
    await Promise.all(
      [5, 4, 6, 7, 8, 9].map(async (index) => good(await sink.put(index, file.chunk(index)))),
    );
    const whole = good(await sink.finish());
    expect([whole.state, whole.keptChunks, whole.faults]).toEqual(['verified', file.chunks, []]);
    await sink.close();
    expect(works).toBeGreaterThan(fatal);
  },
);

it('refuses a wrong whole though the thread that hashes dies over it', async () => {
  const origin = new FaultyOrigin(1);
  const file = await fileOf(true);
  let works = 0;
  const store = await open(
    origin,
    mortalHashes(cheapHashes, () => works++ === 12),
  );
  await addModel(store, 'm', [file.spec]);
  const sink = good(await store.sink(file.spec));
  good(await sink.setSize(600));
  const wrong = file.chunk(7).map((byte) => byte ^ 1);
  for (const index of sink.missing() ?? [])
    good(await sink.put(index, index === 7 ? wrong : file.chunk(index)));
  expect(bad(await sink.finish())).toMatchObject({ code: 'model-invalid', details: { droppedChunks: 10 } });
  expect(works).toBeGreaterThan(12);
});

it('reads again what an earlier visit wrote before it calls the whole verified', async () => {
  const origin = new FaultyOrigin(1);
  for (const whole of [true, false]) {
    const file = await fileOf(whole);
    const first = await open(origin);
    await addModel(first, 'm', [file.spec]);
    const begun = good(await first.sink(file.spec));
    good(await begun.setSize(600));
    for (const index of [0, 1, 2]) good(await begun.put(index, file.chunk(index)));
    await begun.close();
    // Lost in silence: the file is as long as before.
    origin.files.get(file.spec.id)?.live.fill(0, 64, 128);
    const second = await open(origin);
    const sink = good(await second.sink(file.spec));
    good(await sink.setSize(600));
    for (const index of sink.missing() ?? []) good(await sink.put(index, file.chunk(index)));
    expect(bad(await sink.finish())).toMatchObject({ code: 'model-invalid', details: { droppedChunks: 1 } });
    expect(sink.missing()).toEqual([1]);
    good(await sink.put(1, file.chunk(1)));
    expect(good(await sink.finish()).state).toBe('verified');
    await sink.close();
  }
});

it('a size that only a server said can be corrected until a chunk is kept', async () => {
  const origin = new FaultyOrigin(1);
  const store = await open(origin);
  const file = await trueFile(4, 600, 64, (bytes) => cheapHashes.sha256(bytes), {
    whole: false,
    chunks: false,
    size: false,
  });
  await addModel(store, 'm', [file.spec]);
  const sink = good(await store.sink(file.spec));
  expect([sink.sizeBytes, sink.missing()]).toEqual([null, null]);
  good(await sink.setSize(7));
  good(await sink.setSize(600));
  good(await sink.put(0, file.chunk(0)));
  expect(bad(await sink.setSize(601)).details['reason']).toBe('size');
  await sink.close();
});
