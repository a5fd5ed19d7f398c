import 'fake-indexeddb/auto';
import { createHash } from 'node:crypto';
import { IDBFactory } from 'fake-indexeddb';
import { present } from '#kernel/assert';
import { err, ok } from '#kernel/result';
import { seededRandom } from '#kernel/random';
import type { Outcome, WitanFailure } from '#contracts/errors';
import { CHUNK_BYTES, type FileSpec, type StoredModel } from '#contracts/model-store';
import type { ModelProgress, ModelRequest } from '#contracts/models';
import type {
  BlobSource,
  ByteAccess,
  ByteFile,
  ByteStore,
} from '../../../../src/storage/model-store/byte-store.ts';
import { IdbByteStore } from '../../../../src/storage/model-store/idb-byte-store.ts';
import { IdbJournal } from '../../../../src/storage/model-store/idb-journal.ts';
import { ModelStore } from '../../../../src/storage/model-store/model-store.ts';
import {
  openModelsDatabase,
  type ModelsDatabase,
} from '../../../../src/storage/model-store/models-database.ts';
import { ProcessLocks } from '../../../../src/storage/model-store/process-locks.ts';
import { wasmHashes } from '../../../../src/storage/model-store/wasm-hashes.ts';
import { HashBeside } from '../../../../workers/storage/hash-beside.ts';
import { ModelStoreHost } from '../../../../workers/storage/model-store-host.ts';
import type { OpenedStore } from '../../../../workers/storage/open-store.ts';
import { FakeNet, type FakeServer } from '../../../fakes/fake-net.ts';
import { seededBytes } from '../../../fakes/seeded-bytes.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

export const CHUNK = CHUNK_BYTES;
/** Two chunks, the last one short. */
export const SIZE = CHUNK + 1_000;

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export interface HubFile {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly spec: FileSpec;
}

export function hubFile(name: string, sizeBytes = SIZE, seed = 1): HubFile {
  const content = seededBytes(sizeBytes, seed);
  const hash = sha256(content);
  const urls = [`https://hub.example/${name}`];
  return { content, spec: { id: `sha256-${hash}`, urls, sizeBytes, sha256: hash, chunkSha256: null } };
}

export const requestFor = (id: string, ...files: readonly HubFile[]): ModelRequest => ({
  id,
  name: id.toUpperCase(),
  format: 'gguf',
  origin: 'catalogue',
  files: files.map(({ spec }) => spec),
});

export function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value;
}

/** Bytes in IndexedDB; writes and looks fail as the test says. */
class BreakableBytes implements ByteStore, BlobSource {
  readonly reserves = false;
  readonly #inner: IdbByteStore;
  readonly #rig: StoreHostRig;

  constructor(inner: IdbByteStore, rig: StoreHostRig) {
    this.#inner = inner;
    this.#rig = rig;
  }

  async open(name: string, access: ByteAccess): Promise<ByteFile | null> {
    const file = await this.#inner.open(name, access);
    if (file === null) return null;
    const rig = this.#rig;
    return {
      read: (into, atByte) => file.read(into, atByte),
      write: async (bytes, atByte) => {
        await rig.beforeWrite(atByte / CHUNK);
        rig.writes.push({ name, chunk: atByte / CHUNK });
        return file.write(bytes, atByte);
      },
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      size: () => file.size(),
      flush: () => file.flush(),
      close: () => file.close(),
    };
  }

  async blob(name: string): Promise<Blob | null> {
    if (this.#rig.blobFault !== null) throw this.#rig.blobFault;
    return this.#inner.blob(name);
  }

  remove(name: string): Promise<void> {
    return this.#inner.remove(name);
  }

  list(): ReturnType<ByteStore['list']> {
    return this.#inner.list();
  }
}

/** The host of the storage worker over a real store in an IndexedDB in memory, and a network in memory. */
export class StoreHostRig {
  readonly clock = new VirtualClock();
  readonly net: FakeNet;
  readonly host: ModelStoreHost;
  readonly locks = new ProcessLocks();
  readonly hashBeside = new HashBeside(this.clock);
  readonly writes: { readonly name: string; readonly chunk: number }[] = [];
  /** Before each write of a chunk; what it throws, the write throws. */
  beforeWrite: (chunk: number) => void | Promise<void> = () => undefined;
  blobFault: DOMException | null = null;
  /** What earlier visits left, by address. */
  readonly earlier = new Map<string, Blob>();
  /** What the next openings end with; null: well. */
  openings: (WitanFailure | Error | null)[] = [];
  opened = 0;
  database: ModelsDatabase | null = null;
  /** Tells the host that what was opened last is gone. */
  lose: () => void = () => undefined;

  constructor(...files: readonly HubFile[]) {
    globalThis.indexedDB = new IDBFactory();
    const server = (content: Uint8Array): FakeServer => ({ content, faults: [], bytesPerSecond: 50_000_000 });
    const servers = files.map(
      ({ content, spec }) => [present(spec.urls[0], 'url'), server(content)] as const,
    );
    this.net = new FakeNet(this.clock, Object.fromEntries(servers));
    this.host = new ModelStoreHost({
      open: (onLost) => this.#open(onLost),
      hashBeside: this.hashBeside,
      earlier: {
        find: (url) => Promise.resolve(this.earlier.get(url) ?? null),
        forget: (url) => {
          this.earlier.delete(url);
          return Promise.resolve();
        },
      },
      net: this.net,
      clock: this.clock,
      random: seededRandom(7),
    });
  }

  async #open(onLost: () => void): Promise<Outcome<OpenedStore>> {
    this.opened += 1;
    const fault = this.openings.shift() ?? null;
    if (fault instanceof Error) throw fault;
    if (fault !== null) return err(fault);
    const database = valueOf(await openModelsDatabase({ onLost }));
    this.database = database;
    this.lose = () => {
      database.close();
      onLost();
    };
    const bytes = new BreakableBytes(new IdbByteStore(database), this);
    const journal = new IdbJournal(database);
    const hashes = this.hashBeside.over(await wasmHashes());
    const { clock, locks } = this;
    const store = await ModelStore.open({ bytes, journal, hashes, locks, clock });
    return store.ok ? ok({ store: store.value, blobs: bytes, kind: 'indexeddb' }) : store;
  }

  /** What `promise` settles to while the clock jumps from timer to timer. */
  async drive<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isSettled) return promise;
      this.clock.step();
    }
  }

  download(request: ModelRequest, progress?: MessagePort): ReturnType<ModelStoreHost['download']> {
    return this.drive(this.host.download(request, progress));
  }

  /** Starts a download, and stops it when so many of its chunks have come and the next has not. */
  async downloadUntil(request: ModelRequest, chunks: number): ReturnType<ModelStoreHost['download']> {
    const [sent, written] = [this.net.sentBytes, this.writes.length];
    const ended = this.host.download(request);
    // No time passes while the store writes, so no more comes.
    while (this.writes.length - written < chunks) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.net.sentBytes - sent < chunks * CHUNK) this.clock.step();
    }
    await this.drive(this.host.pause(request.id));
    return ended;
  }

  async model(id: string): Promise<StoredModel | undefined> {
    return valueOf(await this.host.list()).find((model) => model.id === id);
  }

  /** Files of bytes that are there, whatever the journal says. */
  async filesOfBytes(): Promise<readonly string[]> {
    return present(this.database, 'database').getAllKeys('byte-files');
  }

  async records(): Promise<readonly string[]> {
    return present(this.database, 'database').getAllKeys('files');
  }

  /** Rot: one bit of a file turns over behind everybody's back. */
  async flip(fileId: string, atByte: number): Promise<void> {
    const key: [string, number] = [fileId, Math.floor(atByte / CHUNK)];
    const database = present(this.database, 'database');
    const block = new Uint8Array(present(await database.get('byte-blocks', key), 'block'));
    block[atByte % CHUNK] = (block[atByte % CHUNK] ?? 0) ^ 0x10;
    await database.put('byte-blocks', block.buffer, key);
  }
}

/** A page's end of a progress line: what was told, and that the line was closed. */
export function progressLine(): { port: MessagePort; told: ModelProgress[]; closed: Promise<void> } {
  const { port1, port2 } = new MessageChannel();
  const told: ModelProgress[] = [];
  port1.onmessage = ({ data }: MessageEvent<ModelProgress>) => told.push(data);
  const closed = new Promise<void>((resolve) => {
    port1.addEventListener('close', () => {
      resolve();
    });
  });
  return { port: port2, told, closed };
}

export async function bytesOf(blobs: readonly Blob[]): Promise<readonly Buffer[]> {
  return Promise.all(blobs.map(async (blob) => Buffer.from(await blob.arrayBuffer())));
}

/** `toEqual` takes long for megabytes. */
export const same = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && Buffer.compare(a, b) === 0;
