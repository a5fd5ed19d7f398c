import { expect, it } from 'vitest';
import { ModelStore } from '../../../../src/storage/model-store/model-store.ts';
import { ProcessLocks } from '../../../../src/storage/model-store/process-locks.ts';
import { cheapHashes } from '../../../fakes/cheap-hashes.ts';
import { FaultyByteStore } from '../../../fakes/faulty-byte-store.ts';
import { FaultyJournal } from '../../../fakes/faulty-journal.ts';
import { FaultyOrigin } from '../../../fakes/faulty-origin.ts';
import { trueFile } from '../../../fakes/model-files.ts';
import { addModel, contents, good, stored } from '../../../fakes/model-store-rig.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const GEOMETRY = { chunkBytes: 64, pageChunks: 8 };
const SIZE = 600;

it('a tab that opens keeps no other from writing, at whatever moment of it', async () => {
  const origin = new FaultyOrigin(1);
  const locks = new ProcessLocks();
  const open = async (): Promise<ModelStore> =>
    good(
      await ModelStore.open({
        bytes: new FaultyByteStore(origin),
        journal: new FaultyJournal(origin),
        hashes: cheapHashes,
        locks,
        clock: new VirtualClock(),
        geometry: GEOMETRY,
        reserveBytes: 0,
      }),
    );
  const known = { whole: true, chunks: true, size: true };
  const file = await trueFile(5, SIZE, GEOMETRY.chunkBytes, (bytes) => cheapHashes.sha256(bytes), known);
  const first = await open();
  await addModel(first, 'm', [file.spec]);
  const begun = good(await first.sink(file.spec));
  good(await begun.setSize(SIZE));
  good(await begun.put(0, file.chunk(0)));
  await begun.close();

  // One tab more is opened for each chunk; at one or another of the operations of that the other begins to write.
  for (let index = 1; index < 9; index += 1) {
    let operations = 0;
    const writing: Promise<void>[] = [];
    const write = async (): Promise<void> => {
      const sink = good(await first.sink(file.spec));
      good(await sink.setSize(SIZE));
      good(await sink.put(index, file.chunk(index)));
      await sink.close();
    };
    origin.fault = () => {
      operations += 1;
      if (operations === 1 + (index % 5)) writing.push(write());
      return null;
    };
    const second = await open();
    expect(second.recovery.lostChunks).toBe(0);
    expect(writing.length).toBe(1);
    await Promise.all(writing);
  }
  origin.fault = () => null;
  expect((await stored(first, file)).keptChunks).toBe(9);
  const last = good(await first.sink(file.spec));
  good(await last.setSize(SIZE));
  good(await last.put(9, file.chunk(9)));
  expect(good(await last.finish()).state).toBe('verified');
  await last.close();
  expect(await contents(first, file)).toEqual(new Uint8Array(file.bytes));
});
