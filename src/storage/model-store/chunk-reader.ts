import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { ByteFile } from './byte-store.ts';
import type { ChunkTable } from './chunk-table.ts';
import type { Release } from './file-locks.ts';
import { readKeptChunk, type ReadChunk } from './kept-chunk.ts';
import { attempt } from './store-failure.ts';
import { sameBytes } from './store-hashes.ts';
import type { StoreParts } from './store-parts.ts';

/** Reads the chunks of one file; its bytes stay as long as this is open. */
export class ChunkReader {
  readonly #parts: StoreParts;
  readonly #fileId: string;
  readonly #file: ByteFile;
  readonly #release: Release;
  #table: ChunkTable;
  #closed = false;

  constructor(parts: StoreParts, fileId: string, file: ByteFile, table: ChunkTable, release: Release) {
    this.#parts = parts;
    this.#fileId = fileId;
    this.#file = file;
    this.#table = table;
    this.#release = release;
  }

  get chunks(): number {
    return this.#table.count;
  }

  /** Indices that the journal says are kept, as of the last look. */
  kept(): readonly number[] {
    return this.#table.kept();
  }

  /** Memory that any of its chunks fits into. */
  memory(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#parts.geometry.chunkBytes);
  }

  /** SHA-256 that the chunk must have; null while unknown. */
  sha256(index: number): Uint8Array | null {
    return this.#table.sha256(index);
  }

  /**
   * Bytes of one chunk, proved by their fingerprint. One that does not match is missing from then on (see
   * `repairNeeded`) and the file `suspect`.
   * Errors: model-invalid (reason `chunk`: not kept, or not what was written), storage-failed (nothing is known of it).
   * @param into memory for it, at least as long as the chunk; else new memory is taken
   */
  async read(index: number, into?: Uint8Array<ArrayBuffer>): Promise<Outcome<Uint8Array<ArrayBuffer>>> {
    if (this.#closed) return err(failure('storage-failed', { doing: 'read', reason: 'closed' }));
    const first = this.#table.isKept(index) ? await this.#readOnce(index, into) : null;
    if (first !== null && !first.ok) return first;
    if (first?.value.ok === true) return ok(first.value.bytes);
    return this.#secondLook(index, first?.value ?? null, into);
  }

  /** Says that a chunk is bad although its fingerprint matches. Errors: storage-failed, storage-full. */
  async condemn(index: number): Promise<Outcome<null>> {
    const lost = { index, fingerprint: this.#table.fingerprint(index) };
    const told = await this.#parts.ledger.lose(this.#fileId, [lost], 'chunk-mismatch');
    return told.ok ? ok(null) : told;
  }

  /** Lets go of the file; more than once does no harm. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await attempt('close', () => this.#file.close());
    this.#release();
  }

  /** The writer, perhaps in another tab, may have written the chunk since: the journal is asked before it is given up. */
  async #secondLook(
    index: number,
    first: ReadChunk | null,
    into?: Uint8Array<ArrayBuffer>,
  ): Promise<Outcome<Uint8Array<ArrayBuffer>>> {
    const before = this.#table.fingerprint(index).slice();
    const found = await this.#parts.ledger.find(this.#fileId);
    if (!found.ok) return found;
    this.#table = found.value?.table ?? this.#table;
    const unchanged = first !== null && sameBytes(before, this.#table.fingerprint(index));
    if (!this.#table.isKept(index)) return this.#bad(index);
    const second = unchanged ? ok(first) : await this.#readOnce(index, into);
    if (!second.ok) return second;
    if (second.value.ok) return ok(second.value.bytes);
    const lost = { index, fingerprint: this.#table.fingerprint(index) };
    const told = await this.#parts.ledger.lose(this.#fileId, [lost], second.value.kind);
    return told.ok ? this.#bad(index) : told;
  }

  #readOnce(index: number, into?: Uint8Array<ArrayBuffer>): Promise<Outcome<ReadChunk>> {
    const { geometry, hashes } = this.#parts;
    return attempt('read', () => readKeptChunk(this.#file, this.#table, index, geometry, hashes, into));
  }

  #bad(index: number): Outcome<never> {
    return err(failure('model-invalid', { model: this.#fileId, reason: 'chunk', chunk: index }));
  }
}
