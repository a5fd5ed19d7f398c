import type {
  ByteAccess,
  ByteFile,
  ByteStore,
  ByteStoreEntry,
} from '../../src/storage/model-store/byte-store.ts';
import type { FakeFile, FaultyOrigin, OriginFault } from './faulty-origin.ts';

/** base::File::FILE_ERROR_NO_SPACE and FILE_ERROR_NOT_FOUND as a uint32: what Chromium's write returns. */
const NO_SPACE = 4_294_967_288;
const NOT_FOUND = 4_294_967_292;
/** What getSize says of a handle whose storage was cleared. */
const NONSENSE = 1.8e19;

const quota = (): DOMException => new DOMException('no room', 'QuotaExceededError');

/** OPFS as one tab sees it. */
export class FaultyByteStore implements ByteStore {
  readonly reserves = true;
  readonly #origin: FaultyOrigin;
  readonly #generation: number;
  readonly #open = new Map<string, number>();

  constructor(origin: FaultyOrigin) {
    this.#origin = origin;
    this.#generation = origin.generation;
  }

  async open(name: string, access: ByteAccess): Promise<ByteFile | null> {
    return this.#run('open', () => {
      const found = this.#origin.files.get(name);
      if (found === undefined && access === 'read') return null;
      const file = found ?? { live: new Uint8Array(), durable: null };
      this.#origin.files.set(name, file);
      this.#open.set(name, (this.#open.get(name) ?? 0) + 1);
      return new FaultyFile(this.#origin, this.#generation, name, file, () => {
        this.#open.set(name, (this.#open.get(name) ?? 1) - 1);
      });
    });
  }

  async remove(name: string): Promise<void> {
    return this.#run('remove', () => {
      if ((this.#open.get(name) ?? 0) > 0) throw new DOMException('open', 'NoModificationAllowedError');
      this.#origin.files.delete(name);
    });
  }

  async list(): Promise<readonly ByteStoreEntry[]> {
    return this.#run('list', () =>
      [...this.#origin.files].map(([name, file]) => ({ name, sizeBytes: file.live.length })),
    );
  }

  async #run<T>(operation: 'open' | 'remove' | 'list', effect: () => T): Promise<T> {
    const fault = await this.#origin.begin(operation, this.#generation);
    if (fault === 'throws' || fault === 'aborted') throw new DOMException('it failed', 'UnknownError');
    if (fault === 'quota') throw quota();
    if (this.#generation !== this.#origin.generation) return this.#dead();
    const value = effect();
    this.#origin.end(fault, this.#generation);
    return value;
  }

  #dead(): never {
    this.#origin.end(null, this.#generation);
    throw new Error('a dead tab goes on');
  }
}

class FaultyFile implements ByteFile {
  readonly #origin: FaultyOrigin;
  readonly #generation: number;
  readonly #name: string;
  readonly #file: FakeFile;
  readonly #onClose: () => void;
  #misread = false;
  #closed = false;

  constructor(origin: FaultyOrigin, generation: number, name: string, file: FakeFile, onClose: () => void) {
    this.#origin = origin;
    this.#generation = generation;
    this.#name = name;
    this.#file = file;
    this.#onClose = onClose;
  }

  async read(into: Uint8Array<ArrayBuffer>, atByte: number): Promise<number> {
    const fault = await this.#begin('read');
    if (this.#gone) return NOT_FOUND;
    const found = this.#file.live.subarray(atByte, atByte + into.length);
    into.set(found);
    // Never twice in a row: that would be rot, and not a reading that failed.
    const flips = fault === 'flip' && !this.#misread && into.length > 0;
    // Another bit than rot flips: together they would undo each other.
    if (flips) into[0] = (into[0] ?? 0) ^ 2;
    this.#misread = flips;
    this.#origin.end(fault, this.#generation);
    return found.length;
  }

  async write(bytes: Uint8Array<ArrayBuffer>, atByte: number): Promise<number> {
    const fault = await this.#begin('write', (thrown) => {
      if (thrown === 'throws') this.#put(bytes.subarray(0, Math.floor(bytes.length / 3)), atByte);
    });
    if (this.#gone) return NOT_FOUND;
    if (fault === 'code') return NO_SPACE;
    const end = Math.max(atByte + bytes.length, this.#file.live.length);
    const full = !this.#origin.fits(this.#name, end);
    if (full && this.#origin.whenFull === 'quota') throw quota();
    if (full && this.#origin.whenFull === 'code') return NO_SPACE;
    const count = full || fault === 'short' ? Math.floor(bytes.length / 2) : bytes.length;
    this.#put(bytes.subarray(0, count), atByte);
    this.#origin.end(fault, this.#generation);
    return count;
  }

  async truncate(sizeBytes: number): Promise<void> {
    const fault = await this.#begin('truncate');
    if (this.#gone) throw new DOMException('the storage was cleared', 'InvalidStateError');
    const grows = sizeBytes > this.#file.live.length;
    if (grows && fault === 'code') return;
    if (grows && !this.#origin.fits(this.#name, sizeBytes)) throw quota();
    const after = new Uint8Array(sizeBytes);
    after.set(this.#file.live.subarray(0, sizeBytes));
    this.#file.live = after;
    this.#origin.end(fault, this.#generation);
  }

  async size(): Promise<number> {
    const fault = await this.#begin('size');
    this.#origin.end(fault, this.#generation);
    return this.#gone ? NONSENSE : this.#file.live.length;
  }

  async flush(): Promise<void> {
    const fault = await this.#begin('flush');
    if (this.#gone) return;
    this.#file.durable = this.#file.live.slice();
    this.#origin.end(fault, this.#generation);
  }

  async close(): Promise<void> {
    if (!this.#closed) this.#onClose();
    this.#closed = true;
    return Promise.resolve();
  }

  /** The origin was wiped since this was opened. */
  get #gone(): boolean {
    return this.#origin.files.get(this.#name) !== this.#file;
  }

  #put(bytes: Uint8Array<ArrayBuffer>, atByte: number): void {
    const size = Math.max(atByte + bytes.length, this.#file.live.length);
    const after = new Uint8Array(size);
    after.set(this.#file.live);
    after.set(bytes, atByte);
    this.#file.live = after;
  }

  async #begin(
    operation: 'read' | 'write' | 'truncate' | 'size' | 'flush',
    before: (fault: OriginFault) => void = () => undefined,
  ): Promise<OriginFault | null> {
    if (this.#closed) throw new DOMException('the handle is closed', 'InvalidStateError');
    const fault = await this.#origin.begin(operation, this.#generation);
    if (this.#generation !== this.#origin.generation) this.#origin.end(null, this.#generation);
    if (fault !== null) before(fault);
    if (fault === 'throws' || fault === 'aborted') throw new DOMException('it failed', 'UnknownError');
    if (fault === 'quota') throw quota();
    return fault;
  }
}
