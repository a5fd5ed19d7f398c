import { err, ok } from '#kernel/result';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { ChunkSink, FileSpec, StoredFile, StoreFault } from '#contracts/model-store';
import type { ByteFile } from './byte-store.ts';
import { storedFile } from './file-record.ts';
import type { Release } from './file-locks.ts';
import type { KnownFile, LostChunk } from './file-ledger.ts';
import { readKeptChunk } from './kept-chunk.ts';
import type { StoreParts } from './store-parts.ts';
import { takeRoom } from './room.ts';
import { SerialQueue } from './serial-queue.ts';
import { attempt, faultKind, flatten, writeDurably } from './store-failure.ts';
import { sameBytes, toHex } from './store-hashes.ts';
import { WholeHash } from './whole-hash.ts';

/** A sink that holds its file as the only writer until it is closed. */
export interface OpenSink extends ChunkSink {
  /** Lets go of the file; more than once does no harm. What was put stays. */
  close(): Promise<void>;
}

/**
 * Puts chunks in this order: prove, write, compare the count, flush, journal. Chunks may come in any order and several at
 * once; they are hashed as they come and written one by one.
 */
export class FileSink implements OpenSink {
  readonly #parts: StoreParts;
  readonly #spec: FileSpec;
  readonly #release: Release;
  readonly #queue = new SerialQueue();
  readonly #whole: WholeHash;
  /** Chunks put through this sink: the only ones whose bytes need not be read again before the whole is believed. */
  readonly #put = new Set<number>();
  #known: KnownFile;
  #file: ByteFile | null = null;
  /** What is read back goes through here: each chunk is hashed before the next is read. */
  #memory: Uint8Array<ArrayBuffer> | null = null;
  #roomTaken = false;
  #closed = false;

  constructor(parts: StoreParts, spec: FileSpec, known: KnownFile, release: Release) {
    this.#parts = parts;
    this.#spec = spec;
    this.#known = known;
    this.#release = release;
    this.#whole = new WholeHash(parts.hashes);
  }

  get sizeBytes(): number | null {
    return this.#known.record.sizeBytes;
  }

  setSize(sizeBytes: number): Promise<Outcome<null>> {
    return this.#turn(() => this.#setSize(sizeBytes));
  }

  missing(): readonly number[] | null {
    return this.#known.table?.missing() ?? null;
  }

  put(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<Outcome<null>> {
    const { table } = this.#known;
    const fits = table !== null && index >= 0 && index < table.count && bytes.length === table.bytesOf(index);
    if (!fits) return Promise.resolve(err(this.#invalid('chunk', { chunk: index, bytes: bytes.length })));
    // Begun before its turn: it runs beside the writing of other chunks.
    const sha256 = attempt('hash', () => this.#parts.hashes.sha256(bytes));
    return this.#turn(async () => {
      const found = await sha256;
      return found.ok ? this.#keep(index, bytes, found.value) : found;
    });
  }

  finish(): Promise<Outcome<StoredFile>> {
    return this.#turn(() => this.#finish());
  }

  close(): Promise<void> {
    return this.#queue.run(async () => {
      if (this.#closed) return;
      this.#closed = true;
      const file = this.#file;
      // Everything that counts was flushed; what closing may say changes nothing.
      if (file !== null) await attempt('close', () => file.close());
      this.#release();
    });
  }

  #turn<T>(work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    return this.#queue.run(async () => {
      if (this.#closed) return err(failure('storage-failed', { doing: 'write', reason: 'closed' }));
      return flatten(await attempt('write', work));
    });
  }

  async #setSize(sizeBytes: number): Promise<Outcome<null>> {
    const resized = await this.#parts.ledger.resize(this.#spec, sizeBytes);
    if (!resized.ok) return resized;
    this.#known = resized.value;
    const file = await this.#open();
    if (!file.ok) return file;
    const { reserves } = this.#parts.bytes;
    const taken = await takeRoom(file.value, sizeBytes, reserves ? this.#parts.reserveBytes : 0);
    if (!taken.ok) return this.#failed(taken.error, null);
    this.#roomTaken = true;
    return this.#parts.ledger.allocated(this.#spec.id, reserves ? sizeBytes : 0);
  }

  async #keep(index: number, bytes: Uint8Array<ArrayBuffer>, sha256: Uint8Array): Promise<Outcome<null>> {
    const { table, record } = this.#known;
    const expected = table?.sha256(index) ?? null;
    if (expected !== null && !sameBytes(expected, sha256)) {
      return this.#failed(this.#invalid('chunk', { chunk: index }), index, 'chunk-mismatch');
    }
    if (table?.isKept(index) === true) return ok(null);
    if (!this.#roomTaken) {
      const taken = await this.#setSize(record.sizeBytes ?? 0);
      if (!taken.ok) return taken;
    }
    const file = await this.#open();
    if (!file.ok) return file;
    const written = await writeDurably(file.value, bytes, index * this.#parts.geometry.chunkBytes);
    if (!written.ok) return this.#failed(written.error, index);
    const journaled = await this.#journal(index, bytes, sha256);
    if (!journaled.ok) return journaled;
    this.#put.add(index);
    await this.#catchUp(file.value);
    return ok(null);
  }

  async #journal(index: number, bytes: Uint8Array<ArrayBuffer>, sha256: Uint8Array): Promise<Outcome<null>> {
    const { ledger, hashes } = this.#parts;
    const chunk = { index, fingerprint: hashes.fingerprint(bytes), sha256 };
    const { record } = this.#known;
    let stream = null;
    if (!record.chunksProved) {
      await this.#whole.resume(record.stream);
      if (index === this.#whole.chunks) {
        this.#whole.update(bytes);
        stream = { from: this.#whole.journaled, mark: this.#whole.mark() };
      }
    }
    const kept = await ledger.keep(chunk, this.#spec.id, stream);
    if (!kept.ok) {
      this.#whole.forget();
      return kept;
    }
    this.#take(kept.value);
    return ok(null);
  }

  /**
   * Chunks that came before their turn are read back into the hash over the whole as soon as the gap before them closes.
   * The chunk that closed it is kept whatever happens here; what goes wrong is found again, and reported, by `finish`.
   */
  async #catchUp(file: ByteFile): Promise<void> {
    const { table, record } = this.#known;
    if (record.chunksProved || table === null) return;
    await this.#whole.resume(record.stream);
    const from = this.#whole.chunks;
    while (this.#whole.chunks < table.count && table.isKept(this.#whole.chunks)) {
      const read = await attempt('read', () => this.#read(file, this.#whole.chunks));
      if (!read.ok || !read.value.ok) break;
      this.#whole.update(read.value.bytes);
    }
    if (this.#whole.chunks === from) return;
    const advanced = await this.#parts.ledger.advance(
      this.#spec.id,
      this.#whole.journaled,
      this.#whole.mark(),
    );
    if (advanced.ok) this.#take(advanced.value);
    else this.#whole.forget();
  }

  async #finish(): Promise<Outcome<StoredFile>> {
    const { ledger } = this.#parts;
    const fresh = await this.#refresh();
    if (!fresh.ok) return fresh;
    const { record, table } = this.#known;
    if (table === null) return err(this.#invalid('sha256', { missingChunks: 'unknown' }));
    if (record.state === 'verified') return ok(storedFile(record, table));
    const missing = table.missing().length;
    if (missing > 0) return err(this.#invalid('sha256', { missingChunks: missing }));
    const proved = await this.#prove();
    if (!proved.ok) return proved;
    const whole = await ledger.complete(this.#spec.id, proved.value);
    if (!whole.ok) return whole;
    if (whole.value === null) return err(this.#invalid('sha256', { missingChunks: 'some' }));
    this.#known = whole.value;
    return ok(storedFile(whole.value.record, whole.value.table));
  }

  /**
   * Reads again what an earlier session wrote, and what the hash over the whole has not seen.
   * @returns SHA-256 of the whole, null where its chunks were proved one by one
   */
  async #prove(): Promise<Outcome<string | null>> {
    const { record, table } = this.#known;
    const streams = !record.chunksProved;
    if (streams) await this.#whole.resume(record.stream);
    const file = await this.#open();
    if (!file.ok) return file;
    const lost: (LostChunk & { readonly kind: StoreFault['kind'] })[] = [];
    for (let index = 0; index < (table?.count ?? 0); index += 1) {
      const next = streams && index === this.#whole.chunks;
      if (this.#put.has(index) && !next) continue;
      const read = await attempt('read', () => this.#read(file.value, index));
      if (!read.ok) return read;
      if (!read.value.ok) {
        lost.push({
          index,
          fingerprint: table?.fingerprint(index) ?? new Uint8Array(),
          kind: read.value.kind,
        });
      } else if (next) {
        this.#whole.update(read.value.bytes);
      }
    }
    if (lost.length > 0) return this.#lose(lost);
    if (!streams) return ok(null);
    const found = toHex(this.#whole.digest());
    if (record.sha256 === null || record.sha256 === found) return ok(found);
    return this.#refuseAll();
  }

  async #lose(lost: readonly (LostChunk & { readonly kind: StoreFault['kind'] })[]): Promise<Outcome<never>> {
    for (const kind of ['lost-data', 'chunk-mismatch'] as const) {
      const chunks = lost.filter((chunk) => chunk.kind === kind);
      if (chunks.length === 0) continue;
      const gone = await this.#parts.ledger.lose(this.#spec.id, chunks, kind);
      if (!gone.ok) return gone;
      this.#take(gone.value);
    }
    for (const { index } of lost) this.#put.delete(index);
    return err(this.#invalid('sha256', { droppedChunks: lost.length }));
  }

  async #refuseAll(): Promise<Outcome<never>> {
    const droppedChunks = this.#known.table?.count ?? 0;
    const gone = await this.#parts.ledger.loseAll(this.#spec.id, 'whole-mismatch');
    if (!gone.ok) return gone;
    this.#put.clear();
    this.#take(gone.value);
    return err(this.#invalid('sha256', { droppedChunks }));
  }

  #read(file: ByteFile, index: number): ReturnType<typeof readKeptChunk> {
    const { table } = this.#known;
    if (table === null) throw new Error('a chunk of a file of unknown size');
    const { geometry, hashes } = this.#parts;
    this.#memory ??= new Uint8Array(geometry.chunkBytes);
    return readKeptChunk(file, table, index, geometry, hashes, this.#memory);
  }

  async #refresh(): Promise<Outcome<null>> {
    const found = await this.#parts.ledger.find(this.#spec.id);
    if (!found.ok) return found;
    if (found.value === null || found.value.record.state === 'tombstone') {
      return err(failure('storage-failed', { doing: 'write', reason: 'removed' }));
    }
    this.#take(found.value);
    return ok(null);
  }

  #take(known: KnownFile): void {
    this.#known = known;
    this.#whole.settle(known.record.stream);
  }

  async #open(): Promise<Outcome<ByteFile>> {
    if (this.#file !== null) return ok(this.#file);
    const opened = await attempt('open', () => this.#parts.bytes.open(this.#spec.id, 'write'));
    if (!opened.ok) return opened;
    if (opened.value === null)
      return err(failure('storage-failed', { doing: 'open', reason: 'storage-lost' }));
    this.#file = opened.value;
    return ok(opened.value);
  }

  async #failed(
    error: WitanFailure,
    chunk: number | null,
    kind: StoreFault['kind'] = faultKind(error),
  ): Promise<Outcome<never>> {
    await this.#parts.ledger.remember(this.#spec.id, kind, chunk);
    return err(error);
  }

  #invalid(reason: string, more: Readonly<Record<string, string | number>> = {}): WitanFailure {
    return failure('model-invalid', { model: this.#spec.id, reason, ...more });
  }
}
