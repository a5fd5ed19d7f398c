import { err, ok } from '#kernel/result';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import { CHUNK_BYTES, type ChunkSink, type FileSpec, type StoredFile } from '#contracts/model-store';

export type Hash = (bytes: Uint8Array<ArrayBuffer>) => Promise<string> | string;

/** FNV-1a of every byte: finds each flipped bit, costs nothing. */
export const cheapHash: Hash = (bytes) => {
  let state = 0x811c9dc5;
  for (const byte of bytes) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return state.toString(16).padStart(8, '0');
};

export const sha256: Hash = async (bytes) => {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
};

export interface SinkOptions {
  readonly chunkBytes?: number;
  readonly hash?: Hash;
  /** Room for so many chunks: then storage-full. */
  readonly roomChunks?: number;
  /** What the n-th call of `put` (from 0) answers instead of keeping the chunk. */
  readonly failPut?: (call: number) => WitanFailure | null;
  /** Told of each chunk that was kept. */
  readonly onKept?: (index: number) => void;
}

/** A file in memory as the store keeps it on the device: proves each chunk, then the whole, and forgets nothing it kept. */
export class MemorySink implements ChunkSink {
  readonly #spec: FileSpec;
  readonly #chunkBytes: number;
  readonly #hash: Hash;
  readonly #options: SinkOptions;
  readonly #chunks = new Map<number, Uint8Array<ArrayBuffer>>();
  #sizeBytes: number | null;
  #isSized = false;
  #puts = 0;
  /** Puts may come while others are under way, and are done one by one, as by the store. */
  #last: Promise<unknown> = Promise.resolve();
  /** Chunks in the order in which they were kept; one twice was kept twice. */
  readonly kept: number[] = [];
  readonly refused: number[] = [];

  constructor(spec: FileSpec, options: SinkOptions = {}) {
    this.#spec = spec;
    this.#options = options;
    this.#chunkBytes = options.chunkBytes ?? CHUNK_BYTES;
    this.#hash = options.hash ?? cheapHash;
    this.#sizeBytes = spec.sizeBytes;
  }

  get sizeBytes(): number | null {
    return this.#sizeBytes;
  }

  setSize(sizeBytes: number): Promise<Outcome<null>> {
    if (this.#sizeBytes !== null && this.#sizeBytes !== sizeBytes) {
      return Promise.resolve(err(failure('model-invalid', { reason: 'size' })));
    }
    this.#sizeBytes = sizeBytes;
    this.#isSized = true;
    return Promise.resolve(ok(null));
  }

  missing(): readonly number[] | null {
    if (this.#sizeBytes === null) return null;
    return Array.from({ length: Math.ceil(this.#sizeBytes / this.#chunkBytes) }, (_, index) => index).filter(
      (index) => !this.#chunks.has(index),
    );
  }

  put(index: number, bytes: Uint8Array<ArrayBuffer>, onWritten?: () => void): Promise<Outcome<null>> {
    const done = this.#last.then(async () => {
      const kept = await this.#put(index, bytes);
      if (kept.ok) onWritten?.();
      return kept;
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #put(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<Outcome<null>> {
    if (!this.#isSized) throw new Error('put before setSize');
    if (this.#chunks.has(index)) throw new Error(`chunk ${String(index)} is kept already`);
    if (bytes.byteLength !== this.#lengthOf(index)) throw new Error(`chunk ${String(index)}: wrong length`);
    const planned = this.#options.failPut?.(this.#puts) ?? null;
    this.#puts += 1;
    if (planned !== null) return err(planned);
    const expected = this.#spec.chunkSha256?.[index];
    if (expected !== undefined && (await this.#hash(bytes)) !== expected) {
      this.refused.push(index);
      return err(failure('model-invalid', { reason: 'chunk' }));
    }
    if (this.#chunks.size >= (this.#options.roomChunks ?? Infinity)) return err(failure('storage-full'));
    this.#chunks.set(index, bytes.slice());
    this.kept.push(index);
    this.#options.onKept?.(index);
    return ok(null);
  }

  async finish(): Promise<Outcome<StoredFile>> {
    const { sha256: expected, chunkSha256 } = this.#spec;
    if (this.missing()?.length !== 0) throw new Error('finished with chunks missing');
    const found = await this.#hash(this.bytes());
    if (expected !== null && found !== expected) {
      if (chunkSha256 === null) this.#chunks.clear();
      return err(failure('model-invalid', { reason: 'sha256' }));
    }
    return ok(this.#stored(found));
  }

  /** The chunks that are kept, one behind the other. */
  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array([...this.#chunks.values()].reduce((sum, chunk) => sum + chunk.byteLength, 0));
    let at = 0;
    for (const index of [...this.#chunks.keys()].sort((a, b) => a - b)) {
      const chunk = this.#chunks.get(index) ?? new Uint8Array(0);
      all.set(chunk, at);
      at += chunk.byteLength;
    }
    return all;
  }

  /** Whether this chunk, which is kept, is the one of that file. */
  holdsRight(index: number, file: Uint8Array): boolean {
    const chunk = this.#chunks.get(index);
    return chunk?.every((byte, at) => byte === file[index * this.#chunkBytes + at]) ?? false;
  }

  #lengthOf(index: number): number {
    return Math.min(this.#chunkBytes, (this.#sizeBytes ?? 0) - index * this.#chunkBytes);
  }

  #stored(found: string): StoredFile {
    const count = this.#chunks.size;
    return {
      id: this.#spec.id,
      state: 'verified',
      sizeBytes: this.#sizeBytes,
      keptBytes: this.#sizeBytes ?? 0,
      chunks: count,
      keptChunks: count,
      checkedAtMs: null,
      lostChunks: 0,
      sha256: found,
      urls: this.#spec.urls,
      faults: [],
    };
  }
}
