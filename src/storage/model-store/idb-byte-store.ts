import type { BlobSource, ByteAccess, ByteFile, ByteStore, ByteStoreEntry } from './byte-store.ts';
import type { ModelsDatabase } from './models-database.ts';

/** At most what a chunk has: larger values grow the renderer's memory by their multiple, and Blobs the browser's. */
const BLOCK_BYTES = 4 * 2 ** 20;
const STORES: ('byte-files' | 'byte-blocks')[] = ['byte-files', 'byte-blocks'];

/**
 * Files in IndexedDB, where there is no OPFS: ArrayBuffers of one block each. Every write is durable when it resolves. It
 * takes no room in advance, and blocks that were never written read as zeros.
 */
export class IdbByteStore implements ByteStore, BlobSource {
  readonly reserves = false;
  readonly #database: ModelsDatabase;
  readonly #blockBytes: number;

  constructor(database: ModelsDatabase, blockBytes = BLOCK_BYTES) {
    this.#database = database;
    this.#blockBytes = blockBytes;
  }

  async open(name: string, access: ByteAccess): Promise<ByteFile | null> {
    const size = await this.#database.get('byte-files', name);
    if (size === undefined && access === 'read') return null;
    if (size === undefined) await this.#database.put('byte-files', 0, name);
    return new IdbByteFile(this.#database, name, this.#blockBytes);
  }

  /** A Blob of Blobs, one a block: the browser keeps each on disk if it likes, and none is in this thread's memory for long. */
  async blob(name: string): Promise<Blob | null> {
    const size = await this.#database.get('byte-files', name);
    if (size === undefined) return null;
    const parts: Blob[] = [];
    for (let atByte = 0; atByte < size; atByte += this.#blockBytes) {
      const stored = await this.#database.get('byte-blocks', [name, atByte / this.#blockBytes]);
      const bytes = new Uint8Array(Math.min(this.#blockBytes, size - atByte));
      if (stored !== undefined) bytes.set(new Uint8Array(stored).subarray(0, bytes.length));
      parts.push(new Blob([bytes]));
    }
    return new Blob(parts);
  }

  async remove(name: string): Promise<void> {
    const transaction = this.#database.transaction(STORES, 'readwrite', { durability: 'strict' });
    await Promise.all([
      transaction.objectStore('byte-files').delete(name),
      transaction.objectStore('byte-blocks').delete(blocksOf(name, 0)),
      transaction.done,
    ]);
  }

  async list(): Promise<readonly ByteStoreEntry[]> {
    const { store } = this.#database.transaction('byte-files');
    const [names, sizes] = await Promise.all([store.getAllKeys(), store.getAll()]);
    return names.map((name, index) => ({ name, sizeBytes: sizes[index] ?? 0 }));
  }
}

class IdbByteFile implements ByteFile {
  readonly #database: ModelsDatabase;
  readonly #name: string;
  readonly #blockBytes: number;

  constructor(database: ModelsDatabase, name: string, blockBytes: number) {
    this.#database = database;
    this.#name = name;
    this.#blockBytes = blockBytes;
  }

  async read(into: Uint8Array<ArrayBuffer>, atByte: number): Promise<number> {
    const end = Math.min(atByte + into.length, await this.size());
    for (const { block, from, to } of this.#spans(atByte, end)) {
      const stored = await this.#database.get('byte-blocks', [this.#name, block]);
      const bytes = new Uint8Array(to - from);
      if (stored !== undefined) bytes.set(new Uint8Array(stored).subarray(from, to));
      into.set(bytes, block * this.#blockBytes + from - atByte);
    }
    return Math.max(0, end - atByte);
  }

  async write(bytes: Uint8Array<ArrayBuffer>, atByte: number): Promise<number> {
    const end = atByte + bytes.length;
    const transaction = this.#database.transaction(STORES, 'readwrite', { durability: 'strict' });
    const files = transaction.objectStore('byte-files');
    const blocks = transaction.objectStore('byte-blocks');
    const write = async (): Promise<void> => {
      const size = await files.get(this.#name);
      if (size === undefined) throw new DOMException('the file is gone', 'NotFoundError');
      for (const { block, from, to } of this.#spans(atByte, end)) {
        const whole = from === 0 && to === this.#blockBytes;
        const before = whole ? undefined : await blocks.get([this.#name, block]);
        const after = new Uint8Array(Math.max(to, before?.byteLength ?? 0));
        if (before !== undefined) after.set(new Uint8Array(before));
        const start = block * this.#blockBytes - atByte;
        after.set(bytes.subarray(start + from, start + to), from);
        await blocks.put(after.buffer, [this.#name, block]);
      }
      if (end > size) await files.put(end, this.#name);
    };
    await Promise.all([write(), transaction.done]);
    return bytes.length;
  }

  async truncate(sizeBytes: number): Promise<void> {
    const transaction = this.#database.transaction(STORES, 'readwrite', { durability: 'strict' });
    const blocks = transaction.objectStore('byte-blocks');
    const cut = async (): Promise<void> => {
      const inLast = sizeBytes % this.#blockBytes;
      const last = Math.floor(sizeBytes / this.#blockBytes);
      const kept = inLast === 0 ? undefined : await blocks.get([this.#name, last]);
      if (kept !== undefined) await blocks.put(kept.slice(0, inLast), [this.#name, last]);
      await blocks.delete(blocksOf(this.#name, inLast === 0 ? last : last + 1));
      await transaction.objectStore('byte-files').put(sizeBytes, this.#name);
    };
    await Promise.all([cut(), transaction.done]);
  }

  async size(): Promise<number> {
    return (await this.#database.get('byte-files', this.#name)) ?? 0;
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The blocks that [atByte, end) touches, and from where to where in each. */
  #spans(atByte: number, end: number): readonly { block: number; from: number; to: number }[] {
    const spans: { block: number; from: number; to: number }[] = [];
    for (let at = atByte; at < end;) {
      const block = Math.floor(at / this.#blockBytes);
      const from = at % this.#blockBytes;
      const to = Math.min(this.#blockBytes, from + end - at);
      spans.push({ block, from, to });
      at += to - from;
    }
    return spans;
  }
}

const blocksOf = (name: string, from: number): IDBKeyRange =>
  IDBKeyRange.bound([name, from], [name, Number.MAX_SAFE_INTEGER]);
