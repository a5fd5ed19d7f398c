import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { FileSpec, StoredFile, StoredModel } from '#contracts/model-store';
import type { ByteStore } from './byte-store.ts';
import { STORE_GEOMETRY, type ChunkGeometry } from './chunk-geometry.ts';
import { ChunkReader } from './chunk-reader.ts';
import { Evictor } from './evictor.ts';
import { FileLedger } from './file-ledger.ts';
import type { FileLocks } from './file-locks.ts';
import { storedFile } from './file-record.ts';
import { FileSink, type OpenSink } from './file-sink.ts';
import type { Journal } from './journal.ts';
import { ModelShelf, type ModelSpec } from './model-shelf.ts';
import { reclaimTombstones } from './reclaim.ts';
import { recover, type Recovery } from './recovery.ts';
import { DEFAULT_RESERVE_BYTES } from './room.ts';
import { SpaceProbe } from './space-probe.ts';
import { attempt } from './store-failure.ts';
import type { StoreHashes } from './store-hashes.ts';
import type { StoreParts } from './store-parts.ts';
import { verifyChunks, type VerifyOptions } from './verification.ts';

export interface ModelStorePorts {
  readonly bytes: ByteStore;
  readonly journal: Journal;
  readonly hashes: StoreHashes;
  readonly locks: FileLocks;
  readonly clock: Clock;
  readonly geometry?: ChunkGeometry;
  readonly reserveBytes?: number;
}

/**
 * Files of models, kept chunk by chunk. What is called kept was written, flushed and then journalled; what is read is
 * compared with what was written, each time. Failures are values. Errors of all methods: storage-failed, storage-full.
 */
export class ModelStore {
  readonly #parts: StoreParts;
  readonly #shelf: ModelShelf;
  readonly #probe: SpaceProbe;
  /** Makes room. */
  readonly evictor: Evictor;
  /** What opening found. */
  readonly recovery: Recovery;

  private constructor(parts: StoreParts, recovery: Recovery) {
    this.#parts = parts;
    this.#shelf = new ModelShelf(parts);
    this.#probe = new SpaceProbe(parts.bytes);
    this.evictor = new Evictor(parts, this.#probe, (id) => this.removeModel(id));
    this.recovery = recovery;
  }

  /** Opens the store and compares its journal with its bytes. */
  static async open(ports: ModelStorePorts): Promise<Outcome<ModelStore>> {
    const geometry = ports.geometry ?? STORE_GEOMETRY;
    const parts: StoreParts = {
      reserveBytes: DEFAULT_RESERVE_BYTES,
      ...ports,
      geometry,
      ledger: new FileLedger(ports.journal, geometry, ports.clock),
    };
    const recovery = await recover(parts);
    return recovery.ok ? ok(new ModelStore(parts, recovery.value)) : recovery;
  }

  /** Adds a model with its files, before any of them is fetched. Errors: also model-invalid (see `ModelShelf.add`). */
  addModel(spec: ModelSpec): Promise<Outcome<null>> {
    return this.#shelf.add(spec);
  }

  /**
   * Deletes a model. Its files, where no other model has them, go at once, or as soon as nobody reads them (`reclaim`).
   * @returns bytes given back already
   */
  async removeModel(id: string): Promise<Outcome<{ readonly freedBytes: number }>> {
    const removed = await this.#shelf.remove(id);
    return removed.ok ? this.reclaim() : removed;
  }

  /** Takes away the bytes of deleted files that nobody reads or writes any more. */
  reclaim(): Promise<Outcome<{ readonly freedBytes: number }>> {
    return reclaimTombstones(this.#parts);
  }

  /** Errors: also model-invalid (reason `unknown`), as `touch`. */
  pin(id: string, pinned: boolean): Promise<Outcome<null>> {
    return this.#shelf.pin(id, pinned);
  }

  touch(id: string): Promise<Outcome<null>> {
    return this.#shelf.touch(id);
  }

  list(): Promise<Outcome<readonly StoredModel[]>> {
    return this.#shelf.list();
  }

  /** Null: no such file. */
  async file(id: string): Promise<Outcome<StoredFile | null>> {
    const found = await this.#parts.ledger.find(id);
    if (!found.ok) return found;
    return ok(found.value && storedFile(found.value.record, found.value.table));
  }

  /**
   * Opens a file for writing; close it, or nobody else can write it.
   * Errors: also storage-failed with reason `busy` (another writer), model-invalid (reasons `unknown`: no model has this
   * file, `spec`, `size`, `sha256`).
   */
  async sink(spec: FileSpec): Promise<Outcome<OpenSink>> {
    const release = await this.#parts.locks.tryWriter(spec.id);
    if (release === null) return err(failure('storage-failed', { doing: 'open', reason: 'busy' }));
    const adopted = await this.#adopt(spec, release);
    if (!adopted.ok) release();
    return adopted;
  }

  /** Opens a file for reading; its bytes stay until that is closed. Errors: also model-invalid (reason `unknown`). */
  async reader(fileId: string): Promise<Outcome<ChunkReader>> {
    const release = await this.#parts.locks.tryReader(fileId);
    if (release === null) return err(unknown(fileId));
    const opened = await this.#openReader(fileId, release);
    if (!opened.ok) release();
    return opened;
  }

  /**
   * Reads every chunk that is kept; what is bad is missing from then on.
   * Errors: also cancelled, model-invalid (reason `unknown`).
   */
  async verify(
    signal: AbortSignal,
    fileId: string,
    options: VerifyOptions = {},
  ): Promise<Outcome<StoredFile>> {
    const reader = await this.reader(fileId);
    if (!reader.ok) return reader;
    const bad = await verifyChunks(signal, reader.value, this.#parts.hashes, options);
    await reader.value.close();
    if (!bad.ok) return bad;
    const checked = await this.#parts.ledger.checked(fileId);
    if (checked.ok) return ok(storedFile(checked.value.record, checked.value.table));
    // Best effort: who asks wants to know of the bytes, and not that this was written down.
    const file = await this.file(fileId);
    if (!file.ok) return file;
    return file.value === null ? err(unknown(fileId)) : ok(file.value);
  }

  /** Indices of the chunks to fetch (again). Errors: also model-invalid (reasons `unknown`, `size`: not known yet). */
  async repairNeeded(fileId: string): Promise<Outcome<readonly number[]>> {
    const found = await this.#parts.ledger.find(fileId);
    if (!found.ok) return found;
    if (found.value === null) return err(unknown(fileId));
    const { table } = found.value;
    if (table === null) return err(failure('model-invalid', { model: fileId, reason: 'size' }));
    return ok(table.missing());
  }

  /** Bytes that one more file could take, the reserve included; null where nobody can tell. See `SpaceProbe`. */
  freeBytes(atMostBytes: number): Promise<Outcome<number | null>> {
    return this.#probe.freeBytes(atMostBytes);
  }

  /** Bytes of deleted files that somebody still reads or writes; `reclaim` frees them afterwards. */
  async deletedBytes(): Promise<Outcome<number>> {
    return attempt('list', () =>
      this.#parts.journal.read(async (view) => {
        let heldBytes = 0;
        for (const record of await view.files()) {
          if (record.state !== 'tombstone') continue;
          const file = await this.#parts.ledger.known(view, record.id);
          heldBytes += Math.max(record.allocatedBytes, file?.table?.keptBytes() ?? 0);
        }
        return heldBytes;
      }),
    );
  }

  /** Lets go of the journal. Sinks and readers must be closed before. */
  close(): void {
    this.#parts.journal.close();
  }

  async #adopt(spec: FileSpec, release: () => void): Promise<Outcome<OpenSink>> {
    const known = await this.#parts.ledger.find(spec.id);
    if (!known.ok) return known;
    if (known.value === null || known.value.record.state === 'tombstone') return err(unknown(spec.id));
    const adopted = await this.#parts.ledger.adopt(spec);
    return adopted.ok ? ok(new FileSink(this.#parts, spec, adopted.value, release)) : adopted;
  }

  async #openReader(fileId: string, release: () => void): Promise<Outcome<ChunkReader>> {
    const { ledger, bytes } = this.#parts;
    const found = await ledger.find(fileId);
    if (!found.ok) return found;
    const table = found.value?.table ?? null;
    if (table === null || found.value?.record.state === 'tombstone') return err(unknown(fileId));
    const file = await attempt('open', () => bytes.open(fileId, 'read'));
    if (!file.ok) return file;
    if (file.value !== null) return ok(new ChunkReader(this.#parts, fileId, file.value, table, release));
    const lost = table.kept().map((index) => ({ index, fingerprint: table.fingerprint(index) }));
    const told = await ledger.lose(fileId, lost, 'lost-data');
    return told.ok ? err(failure('model-invalid', { model: fileId, reason: 'chunk' })) : told;
  }
}

const unknown = (model: string): ReturnType<typeof failure> =>
  failure('model-invalid', { model, reason: 'unknown' });
