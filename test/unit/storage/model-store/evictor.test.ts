import { beforeEach, describe, expect, it } from 'vitest';
import type { WantedFile } from '#contracts/model-store';
import { ModelStore } from '../../../../src/storage/model-store/model-store.ts';
import { ProcessLocks } from '../../../../src/storage/model-store/process-locks.ts';
import { cheapHashes } from '../../../fakes/cheap-hashes.ts';
import { FaultyByteStore } from '../../../fakes/faulty-byte-store.ts';
import { FaultyJournal } from '../../../fakes/faulty-journal.ts';
import { FaultyOrigin } from '../../../fakes/faulty-origin.ts';
import { trueFile, type TrueFile } from '../../../fakes/model-files.ts';
import { addModel, bad, download, good, putMissing } from '../../../fakes/model-store-rig.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

/** Each takes 512 bytes of the disk: a step of the fake. */
const SIZE = 500;

class WatchedLocks extends ProcessLocks {
  taken = 0;
  override tryAlone(fileId: string): ReturnType<ProcessLocks['tryAlone']> {
    this.taken += 1;
    return super.tryAlone(fileId);
  }
}

let origin: FaultyOrigin;
let locks: WatchedLocks;
let clock: VirtualClock;
let store: ModelStore;
let files: Map<string, TrueFile>;

const fileOf = (name: string): TrueFile => {
  const file = files.get(name);
  if (file === undefined) throw new Error(name);
  return file;
};
const wish = (name: string): WantedFile[] => [{ id: fileOf(name).spec.id, sizeBytes: SIZE }];
const ids = (models: readonly { readonly id: string }[]): string[] => models.map(({ id }) => id);
const here = async (): Promise<string[]> => ids(good(await store.list()));

async function make(name: string): Promise<void> {
  const known = { whole: true, chunks: true, size: true };
  files.set(
    name,
    await trueFile(files.size + 1, SIZE, 64, (bytes) => Promise.resolve(cheapHashes.sha256(bytes)), known),
  );
  clock.advance(1_000);
  await addModel(store, name, [fileOf(name).spec]);
}

beforeEach(async () => {
  origin = new FaultyOrigin(1);
  locks = new WatchedLocks();
  clock = new VirtualClock();
  files = new Map();
  store = good(
    await ModelStore.open({
      bytes: new FaultyByteStore(origin),
      journal: new FaultyJournal(origin),
      locks,
      hashes: cheapHashes,
      clock,
      geometry: { chunkBytes: 64, pageChunks: 8 },
      reserveBytes: 12,
    }),
  );
  for (const name of ['oldest', 'older', 'young']) {
    await make(name);
    good(await download(store, fileOf(name)));
  }
  // Three of them, and nothing else.
  origin.capacityBytes = 3 * 512;
  await make('new');
});

describe('a model that does not fit', () => {
  it('fits when the least recently used has gone; until then nothing goes', async () => {
    const sink = good(await store.sink(fileOf('new').spec));
    expect(bad(await sink.setSize(SIZE)).code).toBe('storage-full');
    await sink.close();
    const plan = good(await store.evictor.planRoom(wish('new')));
    expect(plan).toMatchObject({
      wantedBytes: 512,
      freeBytes: 0,
      eviction: { neededBytes: 512, enough: true, models: [{ id: 'oldest' }, { id: 'older' }] },
    });
    expect(await here()).toEqual(['new', 'older', 'oldest', 'young']);
    // Two were named, to be sure; the room is measured in between, and one is enough.
    expect(good(await store.evictor.makeRoom(plan))).toEqual({ freedBytes: SIZE, models: ['oldest'] });
    expect(await here()).toEqual(['new', 'older', 'young']);
    expect(good(await download(store, fileOf('new'))).state).toBe('verified');
    expect(good(await download(store, fileOf('older'))).state).toBe('verified');
  });

  it('costs nobody anything when there is room by now', async () => {
    const plan = good(await store.evictor.planRoom(wish('new')));
    good(await store.removeModel('young'));
    expect(good(await store.evictor.makeRoom(plan)).models).toEqual([]);
    expect(await here()).toEqual(['new', 'older', 'oldest']);
  });

  it('spares who is pinned, named by the caller, or read, also when that is so only since the plan', async () => {
    good(await store.pin('oldest', true));
    const reader = good(await store.reader(fileOf('older').spec.id));
    const plan = good(await store.evictor.planRoom(wish('new'), ['new']));
    expect([ids(plan.eviction.models), plan.eviction.enough]).toEqual([['young'], false]);
    expect(good(await store.evictor.makeRoom(plan, ['young'])).models).toEqual([]);
    await reader.close();
    expect(ids(good(await store.evictor.planRoom(wish('new'), ['young', 'new'])).eviction.models)).toEqual([
      'older',
    ]);
  });

  it('lets models go for what is missing when it has its room, and the disk itself is full', async () => {
    origin.capacityBytes = 4 * 512;
    const sink = good(await store.sink(fileOf('new').spec));
    await putMissing(sink, fileOf('new'), (missing) => missing.slice(0, 5));
    await sink.close();
    const plan = good(await store.evictor.planRoom(wish('new'), ['new']));
    expect(plan).toMatchObject({
      wantedBytes: SIZE - 5 * 64,
      freeBytes: null,
      eviction: { neededBytes: SIZE - 5 * 64, models: [{ id: 'oldest' }] },
    });
    expect(good(await store.evictor.makeRoom(plan, ['new'])).models).toEqual(['oldest']);
  });

  it('lets models go though as much can be reserved: it was refused', async () => {
    origin.capacityBytes = 5 * 512;
    const plan = good(await store.evictor.planRoom(wish('new'), ['new']));
    expect([plan.freeBytes, plan.eviction.neededBytes]).toEqual([plan.wantedBytes, SIZE]);
    expect(good(await store.evictor.makeRoom(plan, ['new'])).models).toEqual(['oldest']);
  });
});

describe('a plan', () => {
  it('takes no lock: whoever reads or writes meanwhile is not turned away', async () => {
    locks.taken = 0;
    let planned = false;
    const planning = store.evictor.plan(1).finally(() => {
      planned = true;
    });
    let read = 0;
    while (!planned) {
      for (const name of ['oldest', 'older', 'young']) {
        const reader = good(await store.reader(fileOf(name).spec.id));
        await reader.close();
        read += 1;
      }
    }
    expect((await planning).ok).toBe(true);
    expect(read).toBeGreaterThan(0);
    expect(locks.taken).toBe(0);
  });

  it('names nobody where the browser does not say who reads', async () => {
    locks.held = () => Promise.resolve(null as never);
    expect(good(await store.evictor.plan(1)).models).toEqual([]);
  });
});
