import { expect, it } from 'vitest';
import { ModelStore } from '../../../../src/storage/model-store/model-store.ts';
import { ProcessLocks } from '../../../../src/storage/model-store/process-locks.ts';
import { cheapHashes } from '../../../fakes/cheap-hashes.ts';
import { FaultyByteStore } from '../../../fakes/faulty-byte-store.ts';
import { FaultyJournal } from '../../../fakes/faulty-journal.ts';
import { FaultyOrigin } from '../../../fakes/faulty-origin.ts';
import { trueFile } from '../../../fakes/model-files.ts';
import { addModel, bad, contents, download, good, stored } from '../../../fakes/model-store-rig.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const GEOMETRY = { chunkBytes: 64, pageChunks: 8 };
const SIZE = 600;
const KNOWN = { whole: true, chunks: true, size: true };
const file = await trueFile(5, SIZE, GEOMETRY.chunkBytes, (bytes) => cheapHashes.sha256(bytes), KNOWN);

/** Tabs of one browser. */
class Tabs {
  readonly origin = new FaultyOrigin(1);
  readonly #locks = new ProcessLocks();

  async open(journal = new FaultyJournal(this.origin)): Promise<ModelStore> {
    return good(
      await ModelStore.open({
        bytes: new FaultyByteStore(this.origin),
        journal,
        hashes: cheapHashes,
        locks: this.#locks,
        clock: new VirtualClock(),
        geometry: GEOMETRY,
        reserveBytes: 0,
      }),
    );
  }
}

it('a tab that opens keeps no other from writing, at whatever moment of it', async () => {
  const tabs = new Tabs();
  const { origin } = tabs;
  const first = await tabs.open();
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
    const second = await tabs.open();
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

it('what one tab has repaired since another looked is not taken away again', async () => {
  const tabs = new Tabs();
  const first = await tabs.open();
  await addModel(first, 'm', [file.spec]);
  expect(good(await download(first, file)).state).toBe('verified');
  const found = tabs.origin.files.get(file.spec.id);
  if (found === undefined) throw new Error('no file');
  // The browser lost the end of it.
  found.live = found.live.slice(0, 300);
  found.durable = found.live.slice();
  // A tab opens, and is held up at any one of its operations until another has opened and repaired the file.
  for (let held = 1; held <= 12; held += 1) {
    let operations = 0;
    const slow = new FaultyJournal(tabs.origin);
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const pass = async (): Promise<void> => {
      operations += 1;
      if (operations === held) await gate;
    };
    const [read, change] = [slow.read.bind(slow), slow.change.bind(slow)];
    slow.read = async (look) => {
      await pass();
      return read(look);
    };
    slow.change = async (edit) => {
      await pass();
      return change(edit);
    };
    const opening = tabs.open(slow);
    const other = await tabs.open();
    const sink = await other.sink(file.spec);
    if (sink.ok) {
      await sink.value.setSize(SIZE);
      for (const index of sink.value.missing() ?? []) good(await sink.value.put(index, file.chunk(index)));
      expect(good(await sink.value.finish()).state).toBe('verified');
      await sink.value.close();
    } else {
      // The one that is held up is about to say what is lost: nobody writes until it has.
      expect(bad(sink).details['reason']).toBe('busy');
    }
    go();
    await opening;
    if (sink.ok) expect(await contents(other, file)).toEqual(new Uint8Array(file.bytes));
    found.live = found.live.slice(0, 300);
    found.durable = found.live.slice();
  }
});
