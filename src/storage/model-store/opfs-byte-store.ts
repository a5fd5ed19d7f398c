import { delay, type Clock } from '#kernel/clock';
import type { BlobSource, ByteAccess, ByteFile, ByteStore, ByteStoreEntry } from './byte-store.ts';

/** The part of `FileSystemSyncAccessHandle` used here; it exists in dedicated workers only. */
interface SyncHandle {
  read(into: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  truncate(sizeBytes: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

interface SyncFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(options?: { mode: 'readwrite-unsafe' }): Promise<SyncHandle>;
}

/** A handle outlives its worker by 41 ms (measured): a file that is still held is asked for again, for half a second. */
const RETRIES = 10;
const RETRY_MS = 50;
/** A folder of its own: what lies in it is no file of the store. */
const PROBES = 'probes';

/**
 * Files in a folder of the origin's private file system, in a dedicated worker. Who may write is settled by `FileLocks`, so
 * handles are opened in the mode that excludes nobody; where the browser knows no modes, every handle excludes all others
 * and readers take snapshots of the file instead.
 */
export class OpfsByteStore implements ByteStore, BlobSource {
  readonly reserves = true;
  readonly #folder: FileSystemDirectoryHandle;
  readonly #clock: Clock;
  readonly #sharesHandles: boolean;

  private constructor(folder: FileSystemDirectoryHandle, clock: Clock, sharesHandles: boolean) {
    this.#folder = folder;
    this.#clock = clock;
    this.#sharesHandles = sharesHandles;
  }

  /** @throws what the browser throws where it has no such files, or refuses them */
  static async in(folder: FileSystemDirectoryHandle, clock: Clock): Promise<OpfsByteStore> {
    return new OpfsByteStore(folder, clock, await canOpenTwice(folder));
  }

  async open(name: string, access: ByteAccess): Promise<ByteFile | null> {
    const handle = await this.#handle(name, access === 'write');
    if (handle === null) return null;
    if (access === 'read' && !this.#sharesHandles) return new SnapshotFile(handle);
    return new OpfsFile(await this.#patiently(handle));
  }

  async blob(name: string): Promise<Blob | null> {
    const handle = await this.#handle(name, false);
    return handle === null ? null : fileOf(handle);
  }

  async remove(name: string): Promise<void> {
    try {
      await this.#folder.removeEntry(name);
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
    }
  }

  async list(): Promise<readonly ByteStoreEntry[]> {
    const entries: ByteStoreEntry[] = [];
    for await (const [name, handle] of this.#folder.entries()) {
      if (!isFile(handle)) continue;
      const file = await fileOf(handle);
      if (file !== null) entries.push({ name, sizeBytes: file.size });
    }
    return entries;
  }

  async #handle(name: string, create: boolean): Promise<SyncFileHandle | null> {
    try {
      return (await this.#folder.getFileHandle(name, { create })) as SyncFileHandle;
    } catch (thrown) {
      if (!create && isNotFound(thrown)) return null;
      throw thrown;
    }
  }

  async #patiently(handle: SyncFileHandle): Promise<SyncHandle> {
    for (let retry = 0; ; retry += 1) {
      try {
        return await handle.createSyncAccessHandle({ mode: 'readwrite-unsafe' });
      } catch (thrown) {
        if (retry >= RETRIES || nameOf(thrown) !== 'NoModificationAllowedError') throw thrown;
        await delay(this.#clock, RETRY_MS);
      }
    }
  }
}

/** The calls are synchronous in the worker; what they throw rejects. */
class OpfsFile implements ByteFile {
  readonly #handle: SyncHandle;

  constructor(handle: SyncHandle) {
    this.#handle = handle;
  }

  async read(into: Uint8Array<ArrayBuffer>, atByte: number): Promise<number> {
    return this.#handle.read(into, { at: atByte });
  }

  async write(bytes: Uint8Array<ArrayBuffer>, atByte: number): Promise<number> {
    return this.#handle.write(bytes, { at: atByte });
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#handle.truncate(sizeBytes);
  }

  async size(): Promise<number> {
    return this.#handle.getSize();
  }

  async flush(): Promise<void> {
    this.#handle.flush();
  }

  async close(): Promise<void> {
    this.#handle.close();
  }
}

/** For reading only, beside a handle that excludes others; each read sees the file as it is then. */
class SnapshotFile implements ByteFile {
  readonly #handle: FileSystemFileHandle;

  constructor(handle: FileSystemFileHandle) {
    this.#handle = handle;
  }

  async read(into: Uint8Array<ArrayBuffer>, atByte: number): Promise<number> {
    const file = await this.#handle.getFile();
    const bytes = await file.slice(atByte, atByte + into.length).arrayBuffer();
    into.set(new Uint8Array(bytes));
    return bytes.byteLength;
  }

  write(): Promise<number> {
    return Promise.reject(readOnly());
  }

  truncate(): Promise<void> {
    return Promise.reject(readOnly());
  }

  async size(): Promise<number> {
    return (await this.#handle.getFile()).size;
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Whether two handles to a file can be open at once; found out, because browsers ignore options that they do not know. */
async function canOpenTwice(folder: FileSystemDirectoryHandle): Promise<boolean> {
  const probes = await folder.getDirectoryHandle(PROBES, { create: true });
  // A name of its own: another tab may be finding out at the same moment.
  const name = crypto.randomUUID();
  const handle = (await probes.getFileHandle(name, { create: true })) as SyncFileHandle;
  const first = await handle.createSyncAccessHandle({ mode: 'readwrite-unsafe' });
  try {
    (await handle.createSyncAccessHandle({ mode: 'readwrite-unsafe' })).close();
    return true;
  } catch {
    return false;
  } finally {
    first.close();
    await probes.removeEntry(name).catch(() => undefined);
  }
}

/** Null: it was removed since it was listed. */
async function fileOf(handle: FileSystemFileHandle): Promise<File | null> {
  try {
    return await handle.getFile();
  } catch (thrown) {
    if (isNotFound(thrown)) return null;
    throw thrown;
  }
}

const readOnly = (): DOMException => new DOMException('opened for reading', 'NotAllowedError');
const isFile = (handle: FileSystemHandle): handle is FileSystemFileHandle => handle.kind === 'file';
const nameOf = (thrown: unknown): string =>
  thrown instanceof DOMException || thrown instanceof Error ? thrown.name : '';
const isNotFound = (thrown: unknown): boolean => nameOf(thrown) === 'NotFoundError';
