import { beforeEach, describe, expect, it } from 'vitest';
import { MicroStorage, type SyncFile } from '../../../../workers/bench/micro-storage.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const MIB = 2 ** 20;
const PIECE = 4 * MIB;

let clock: VirtualClock;
let files: Map<string, Uint8Array>;
/** Names of files that cannot be removed. */
let locked: Set<string>;
let flushes: number;
/** Null: handles cannot be had. */
let makeFile: ((bytes: Uint8Array) => SyncFile) | null;

beforeEach(() => {
  clock = new VirtualClock();
  files = new Map();
  locked = new Set();
  flushes = 0;
  makeFile = sound;
});

/** Writes a piece in 20 ms and flushes in 40; reads one in 2. */
function sound(bytes: Uint8Array): SyncFile {
  return {
    write: (piece, { at }) => {
      clock.block(20);
      bytes.set(piece, at);
      return piece.length;
    },
    read: (into, { at }) => {
      clock.block(2);
      into.set(bytes.subarray(at, at + into.length));
      return into.length;
    },
    flush: () => {
      clock.block(40);
      flushes += 1;
    },
    close: () => undefined,
  };
}

const storage = (quota = 1024 * MIB): Partial<StorageManager> => {
  const root = {
    keys: async function* () {
      yield* [...files.keys()];
    },
    removeEntry: async (name: string) => {
      if (locked.has(name)) throw new DOMException('held', 'NoModificationAllowedError');
      files.delete(name);
    },
    getFileHandle: async (name: string) => {
      const bytes = new Uint8Array(4 * PIECE);
      files.set(name, bytes);
      return {
        createSyncAccessHandle: async () => {
          if (makeFile === null) throw new DOMException('none left', 'InvalidStateError');
          return makeFile(bytes);
        },
      };
    },
  };
  return {
    getDirectory: () => Promise.resolve(root as unknown as FileSystemDirectoryHandle),
    estimate: () => Promise.resolve({ quota, usage: 0 }),
  };
};

const open = (from: Partial<StorageManager> | undefined = storage()): Promise<MicroStorage | null> =>
  MicroStorage.open(from, () => clock.nowMs(), 5);

async function opened(): Promise<MicroStorage> {
  const rig = await open();
  if (rig === null) throw new Error('no storage');
  return rig;
}

describe('the speed of storage', () => {
  it('of writing counts until all is flushed', async () => {
    const taken = await (await opened()).sample('storageWriteMBps', 1);
    // 16 MiB in 4 · 20 + 40 ms.
    expect(taken).toEqual({ ok: true, value: { value: (16 * MIB) / 1e6 / 0.12, elapsedMs: 120 } });
    expect(flushes).toBe(1);
  });

  it('of reading is that of as much as was asked for', async () => {
    const rig = await opened();
    const taken = await rig.sample('storageReadMBps', 3);
    expect(taken).toEqual({ ok: true, value: { value: (16 * MIB) / 1e6 / 0.008, elapsedMs: 24 } });
  });

  it('is no figure when something else is read than was written', async () => {
    makeFile = (bytes) => ({ ...sound(bytes), read: (into) => into.fill(7).length });
    await expect((await opened()).sample('storageReadMBps', 1)).rejects.toThrow('what was written is read');
  });

  it('is no figure when a piece was written in part', async () => {
    makeFile = (bytes) => ({ ...sound(bytes), write: () => 100 });
    await expect((await opened()).sample('storageWriteMBps', 1)).rejects.toThrow('a whole piece');
  });
});

describe('the file', () => {
  it('is removed in the end', async () => {
    const rig = await opened();
    await rig.sample('storageWriteMBps', 1);
    expect(files.size).toBe(1);
    await rig.end();
    expect(files.size).toBe(0);
  });

  it('is removed where it cannot be opened', async () => {
    makeFile = null;
    await expect(open()).rejects.toThrow('none left');
    expect(files.size).toBe(0);
  });

  it('that an earlier measurement left is removed; what is held or somebody else’s stays', async () => {
    for (const name of ['witan-micro-bench-1', 'witan-micro-bench-2', 'a-model'])
      files.set(name, new Uint8Array());
    locked.add('witan-micro-bench-2');
    const rig = await opened();
    await rig.end();
    expect([...files.keys()]).toEqual(['witan-micro-bench-2', 'a-model']);
  });

  it.each([
    ['no storage', undefined],
    ['a browser without such files', {}],
    ['a refusal', { getDirectory: () => Promise.reject(new DOMException('no', 'SecurityError')) }],
    ['no room', storage(20 * MIB)],
  ])('is not begun with %s', async (_, from) => {
    expect(await open(from ?? {})).toBeNull();
    expect(files.size).toBe(0);
  });
});
