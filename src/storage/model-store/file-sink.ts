import { err, ok } from '#kernel/result';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { ChunkSink, FileSpec, StoredFile, StoreFault } from '#contracts/model-store';
import type { ByteFile } from './byte-store.ts';
import { storedFile } from './file-record.ts';
import type { Release } from './file-locks.ts';
import type { KnownFile, LostChunk, WrittenChunk } from './file-ledger.ts';
import { GroupCommit } from './group-commit.ts';
import { readKeptChunk } from './kept-chunk.ts';
import { salvage } from './salvage.ts';
import type { StoreParts } from './store-parts.ts';
import { takeRoom } from './room.ts';
import { SerialQueue } from './serial-queue.ts';
import { attempt, faultKind, flatten, writeWhole } from './store-failure.ts';
import { sameBytes, toHex } from './store-hashes.ts';
import { WholeHash, type HashAdvance } from './whole-hash.ts';

/** A chunk that was written; and what becomes of it. */
interface Written {
  readonly committed: Promise<Outcome<null>>;
}

/** A sink that holds its file as the only writer until it is closed. */
export interface OpenSink extends ChunkSink {
  /** Chunks that an earlier session wrote without telling the journal, found when the size was set. */
  readonly salvagedChunks: readonly number[];
  /** Lets go of the file; more than once does no harm. What was put stays. */
  close(): Promise<void>;
}

/**
 * Puts chunks in this order: prove, write, compare the count, flush, journal. Chunks may come in any order and several at
 * once; they are hashed as they come and written one by one, each while those before it are flushed and journaled; those
 * that were written meanwhile share one flush and one entry. What a crash leaves written and not journaled is found again
 * where the hashes of the chunks are known.
 */
export class FileSink implements OpenSink {
  readonly #parts: StoreParts;
  readonly #spec: FileSpec;
  readonly #release: Release;
  readonly #queue = new SerialQueue();
  readonly #commits: GroupCommit<WrittenChunk>;
  /** Written, and not journaled yet. */
  readonly #uncommitted = new Set<number>();
  readonly #whole: WholeHash;
  /** Chunks put through this sink: the only ones whose bytes need not be read again before the whole is believed. */
  readonly #put = new Set<number>();
  salvagedChunks: readonly number[] = [];
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
    this.#commits = new GroupCommit(parts.clock, async (chunks) =>
      flatten(await attempt('write', () => this.#commit(chunks))),
    );
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

  put(index: number, bytes: Uint8Array<ArrayBuffer>, onWritten?: () => void): Promise<Outcome<null>> {
    const { table } = this.#known;
    const fits = table !== null && index >= 0 && index < table.count && bytes.length === table.bytesOf(index);
    if (!fits) return Promise.resolve(err(this.#invalid('chunk', { chunk: index, bytes: bytes.length })));
    // Begun before its turn: it runs beside the writing of other chunks.
    const sha256 = attempt('hash', () => this.#parts.hashes.sha256(bytes));
    const written = this.#turn(async () => {
      const found = await sha256;
      if (!found.ok) return found;
      const outcome = await this.#write(index, bytes, found.value, onWritten === undefined);
      if (outcome.ok) onWritten?.();
      return outcome;
    });
    return written.then((outcome) => (outcome.ok ? outcome.value.committed : outcome));
  }

  finish(): Promise<Outcome<StoredFile>> {
    return this.#turn(() => this.#finish());
  }

  close(): Promise<void> {
    return this.#queue.run(async () => {
      if (this.#closed) return;
      this.#closed = true;
      await this.#commits.idle();
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
    await this.#commits.idle();
    const resized = await this.#parts.ledger.resize(this.#spec, sizeBytes);
    if (!resized.ok) return resized;
    this.#take(resized.value);
    const file = await this.#open();
    if (!file.ok) return file;
    const { reserves } = this.#parts.bytes;
    const taken = await takeRoom(file.value, sizeBytes, reserves ? this.#parts.reserveBytes : 0);
    if (!taken.ok) return this.#failed(taken.error, null);
    const isNew = !this.#roomTaken;
    this.#roomTaken = true;
    const told = await this.#parts.ledger.allocated(this.#spec.id, reserves ? sizeBytes : 0);
    return told.ok && isNew && this.#known.record.chunksProved ? this.#salvage(file.value) : told;
  }

  /** What an earlier session wrote without telling the journal. What goes wrong here is no worse than fetching it again. */
  async #salvage(file: ByteFile): Promise<Outcome<null>> {
    const { table } = this.#known;
    const { geometry, hashes } = this.#parts;
    if (table === null) return ok(null);
    const found = await attempt('read', () => salvage(file, table, geometry, hashes, this.#scratch()));
    if (!found.ok || found.value.length === 0) return ok(null);
    const kept = await this.#commit(found.value);
    if (kept.ok) this.salvagedChunks = found.value.map(({ index }) => index);
    return ok(null);
  }

  async #write(
    index: number,
    bytes: Uint8Array<ArrayBuffer>,
    sha256: Uint8Array,
    awaited: boolean,
  ): Promise<Outcome<Written>> {
    // The same chunk once more: over bytes of which the journal is about to speak nobody writes.
    if (this.#uncommitted.has(index)) await this.#commits.idle();
    const { table } = this.#known;
    const expected = table?.sha256(index) ?? null;
    if (expected !== null && !sameBytes(expected, sha256)) {
      return this.#failed(this.#invalid('chunk', { chunk: index }), index, 'chunk-mismatch');
    }
    if (table?.isKept(index) === true) return ok({ committed: Promise.resolve(ok(null)) });
    if (!this.#roomTaken) {
      const taken = await this.#setSize(this.#known.record.sizeBytes ?? 0);
      if (!taken.ok) return taken;
      // It was found on the device just now.
      if (this.#known.table?.isKept(index) === true) return ok({ committed: Promise.resolve(ok(null)) });
    }
    const file = await this.#open();
    if (!file.ok) return file;
    const { chunksProved } = this.#known.record;
    if (!chunksProved) await this.#resume();
    const written = await writeWhole(file.value, bytes, index * this.#parts.geometry.chunkBytes);
    if (!written.ok) return this.#failed(written.error, index);
    if (!chunksProved) await this.#whole.room();
    const chunk = { index, fingerprint: this.#parts.hashes.fingerprint(bytes), sha256 };
    // In one step: whatever the hash has seen is kept, or on its way into the journal.
    // Not waited for: it is hashed while it is flushed and the next one is written.
    if (!chunksProved && index === this.#whole.chunks) void this.#whole.update(bytes);
    this.#uncommitted.add(index);
    // A file whose chunks can be proved is found again after a crash (`salvage`): its entries may be few.
    const committed = this.#commits.add(chunk, awaited || !chunksProved);
    if (this.#uncommitted.size === this.#known.table?.missing().length) this.#commits.hurry();
    if (!chunksProved) await this.#catchUp(file.value);
    return ok({ committed });
  }

  async #commit(chunks: readonly WrittenChunk[]): Promise<Outcome<null>> {
    // Asked before the flush: of what comes later nothing is said.
    const advance = this.#whole.advance();
    const file = await this.#flushed(chunks);
    const committed = file.ok ? await this.#parts.ledger.keep(chunks, this.#spec.id, advance) : file;
    for (const { index } of chunks) this.#uncommitted.delete(index);
    if (!committed.ok) {
      this.#whole.stray();
      return committed;
    }
    this.#take(committed.value, advance);
    for (const { index } of chunks) this.#put.add(index);
    return ok(null);
  }

  async #flushed(chunks: readonly WrittenChunk[]): Promise<Outcome<ByteFile>> {
    const file = await this.#open();
    if (!file.ok) return file;
    const flushed = await attempt('write', () => file.value.flush());
    if (!flushed.ok)
      return this.#failed(flushed.error, chunks.length === 1 ? (chunks[0]?.index ?? null) : null);
    return file;
  }

  async #resume(): Promise<void> {
    if (this.#whole.isToResume) await this.#commits.idle();
    await this.#whole.resume(this.#known.record.stream);
  }

  /**
   * Chunks that came before their turn are read back into the hash over the whole when the gap before them is closed. What
   * goes wrong here is found again, and reported, by `finish`.
   */
  async #catchUp(file: ByteFile): Promise<void> {
    const { table } = this.#known;
    while (
      table !== null &&
      !this.#whole.isToResume &&
      this.#whole.chunks < table.count &&
      table.isKept(this.#whole.chunks)
    ) {
      const read = await attempt('read', () => this.#read(file, this.#whole.chunks));
      if (!read.ok || !read.value.ok) return;
      await this.#whole.update(read.value.bytes);
    }
  }

  async #finish(): Promise<Outcome<StoredFile>> {
    const { ledger } = this.#parts;
    await this.#commits.idle();
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
    if (streams) await this.#resume();
    const file = await this.#open();
    if (!file.ok) return file;
    let hashing = Promise.resolve();
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
        // One chunk at a time waits to be hashed, while the next is read.
        await hashing;
        hashing = this.#whole.update(read.value.bytes);
      }
    }
    if (lost.length > 0) return this.#lose(lost);
    if (!streams) return ok(null);
    const digest = await this.#whole.digest();
    // Lost with its thread: once more, from where the journal has it.
    if (digest === null) return this.#prove();
    const found = toHex(digest);
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
    return readKeptChunk(file, table, index, geometry, hashes, this.#scratch());
  }

  #scratch(): Uint8Array<ArrayBuffer> {
    return (this.#memory ??= new Uint8Array(this.#parts.geometry.chunkBytes));
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

  /** @param told of the hash over the whole, in the same change */
  #take(known: KnownFile, told: HashAdvance | null = null): void {
    this.#known = known;
    this.#whole.settle(told, known.record.stream);
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
