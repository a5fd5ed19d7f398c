import type { Clock } from '#kernel/clock';
import { present as presentValue } from '#kernel/assert';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { FileSpec, StoreFault } from '#contracts/model-store';
import { chunksOf, type ChunkGeometry } from './chunk-geometry.ts';
import { withChunk, withoutChunk, withSha256 } from './chunk-page.ts';
import { ChunkTable } from './chunk-table.ts';
import { checkSpec, healed, isSize, newFile, stateAfterLoss, withFaults, withSpec } from './file-record.ts';
import type { FileRecord, Journal, JournalEditor, JournalView, StreamMark } from './journal.ts';
import { attempt, inJournal } from './store-failure.ts';
import { fromHex, sameBytes } from './store-hashes.ts';

/** More lost chunks than this are one fault of the file, or they would push all others out of its list. */
const FAULTS_AT_ONCE = 4;

/** A file as the journal has it. */
export interface KnownFile {
  readonly record: FileRecord;
  /** Null while the size is not known. */
  readonly table: ChunkTable | null;
}

/** A chunk that was written and flushed. */
export interface WrittenChunk {
  readonly index: number;
  readonly fingerprint: Uint8Array;
  readonly sha256: Uint8Array;
}

/** A chunk that is not what was written, by the fingerprint it was tested with. */
export interface LostChunk {
  readonly index: number;
  readonly fingerprint: Uint8Array;
}

/**
 * What can happen to a file, each an atomic step in the journal that starts from what the journal holds then (another tab
 * may have changed it), not from what the caller remembers. Errors of all: storage-full, storage-failed; of those that
 * change a file also storage-failed with reason `removed`.
 */
export class FileLedger {
  readonly #journal: Journal;
  readonly #geometry: ChunkGeometry;
  readonly #clock: Clock;

  constructor(journal: Journal, geometry: ChunkGeometry, clock: Clock) {
    this.#journal = journal;
    this.#geometry = geometry;
    this.#clock = clock;
  }

  /** Null: no such file. */
  find(id: string): Promise<Outcome<KnownFile | null>> {
    return attempt('find', () => this.#journal.read((view) => this.known(view, id)));
  }

  /** As `find`, inside a transaction. */
  async known(view: JournalView, id: string): Promise<KnownFile | null> {
    const record = await view.file(id);
    return record === null ? null : this.#withTable(view, record);
  }

  /** What a spec adds to a file that some model has. Errors: also model-invalid (reasons `spec`, `size`, `sha256`). */
  adopt(spec: FileSpec): Promise<Outcome<KnownFile>> {
    return this.#edit('adopt', spec.id, (editor) => this.adoptIn(editor, spec));
  }

  /** A file that a model is made of, new, known or deleted before; inside a transaction. */
  async adoptIn(editor: JournalEditor, spec: FileSpec): Promise<Outcome<KnownFile>> {
    const checked = checkSpec(spec);
    if (!checked.ok) return checked;
    const file = await this.known(editor, spec.id);
    const merged = file ? withSpec(file.record, spec, file.table?.kept().length ?? 0) : ok(newFile(spec));
    return merged.ok ? this.#giveHashes(editor, merged.value, spec) : merged;
  }

  /** The size is known now. Errors: also model-invalid (reason `size`). */
  resize(spec: FileSpec, sizeBytes: number): Promise<Outcome<KnownFile>> {
    return this.#edit('resize', spec.id, async (editor, { record, table }) => {
      const wrong = err(failure('model-invalid', { model: spec.id, reason: 'size', sizeBytes }));
      if (!isSize(sizeBytes)) return wrong;
      if (record.sizeBytes === sizeBytes) return ok({ record, table });
      if (record.sizeGiven || (table?.kept().length ?? 0) > 0) return wrong;
      editor.dropPages(spec.id);
      return this.#giveHashes(editor, { ...record, sizeBytes, stream: null }, spec);
    });
  }

  /** The byte store holds this much for the file. */
  allocated(id: string, allocatedBytes: number): Promise<Outcome<null>> {
    return this.#edit('allocate', id, async (editor, { record }) => {
      editor.putFile({ ...record, allocatedBytes });
      return ok(null);
    });
  }

  /**
   * Chunks are on the device.
   * @param stream the hash over the whole before and after; it is kept only if nobody has set it back since, and every
   *   chunk that it has seen is kept
   */
  keep(
    chunks: readonly WrittenChunk[],
    id: string,
    stream: { readonly from: number; readonly mark: StreamMark } | null,
  ): Promise<Outcome<KnownFile>> {
    return this.#edit('keep', id, async (editor, { record, table }) => {
      if (table === null) return err(failure('storage-failed', { doing: 'keep', reason: 'size-unknown' }));
      const pages = new Set<number>();
      let after = record;
      for (const { index, fingerprint, sha256 } of chunks) {
        const { page, slot } = table.pageOf(index);
        table.replace(withChunk(page, slot, fingerprint, sha256));
        pages.add(index - slot);
        after = healed(after, index);
      }
      for (const first of pages) editor.putPage(table.pageOf(first).page);
      // A chunk that a reader found bad meanwhile may come back with other bytes than were hashed.
      const current =
        stream !== null &&
        stream.from === (record.stream?.chunks ?? 0) &&
        (table.missing()[0] ?? table.count) >= stream.mark.chunks;
      const kept: FileRecord = {
        ...after,
        state: record.state === 'suspect' ? 'suspect' : 'partial',
        stream: current ? stream.mark : record.stream,
      };
      editor.putFile(kept);
      return ok({ record: kept, table });
    });
  }

  /** Chunks are not what was written: they are missing from now on, unless they were written anew since. */
  lose(id: string, lost: readonly LostChunk[], kind: StoreFault['kind']): Promise<Outcome<KnownFile>> {
    return this.#edit<KnownFile>('lose', id, async (editor, { record, table }) => {
      if (table === null) return ok({ record, table });
      const gone = lost
        .filter(
          ({ index, fingerprint }) => table.isKept(index) && sameBytes(table.fingerprint(index), fingerprint),
        )
        .map(({ index }) => index);
      return ok({ record: gone.length > 0 ? this.#take(editor, record, table, gone, kind) : record, table });
    });
  }

  /** All chunks go; with the hashes that only the first download brought. */
  loseAll(id: string, kind: StoreFault['kind']): Promise<Outcome<KnownFile>> {
    return this.#edit('lose', id, async (editor, file) =>
      ok(this.empty(editor, file, [this.#fault(kind, null)])),
    );
  }

  /** As `loseAll`, inside a transaction. */
  empty(editor: JournalEditor, { record, table }: KnownFile, faults: readonly StoreFault[]): KnownFile {
    for (const index of table?.kept() ?? []) {
      const { page, slot } = present(table).pageOf(index);
      present(table).replace(withoutChunk(page, slot, !record.chunksProved));
    }
    this.#putPages(editor, table);
    const state = record.state === 'tombstone' ? record.state : 'new';
    const emptied = withFaults({ ...record, state, stream: null }, faults);
    editor.putFile(emptied);
    return { record: emptied, table };
  }

  /**
   * The whole is proved, or nothing speaks against it.
   * @param found SHA-256 of the whole; null where only the chunks were proved
   * @returns null when chunks are missing after all
   */
  complete(id: string, found: string | null): Promise<Outcome<KnownFile | null>> {
    return this.#edit('complete', id, async (editor, { record, table }) => {
      if (table === null || table.missing().length > 0) return ok(null);
      const whole: FileRecord = {
        ...healed(record, null),
        state: 'verified',
        sha256: record.sha256 ?? found,
        chunksProved: true,
        stream: null,
        checkedAtMs: this.#clock.epochMs(),
      };
      editor.putFile(whole);
      return ok({ record: whole, table });
    });
  }

  /** Something went wrong; best effort, because the journal may be what is wrong. */
  async remember(id: string, kind: StoreFault['kind'], chunk: number | null): Promise<void> {
    await this.#edit('remember', id, async (editor, { record }) => {
      editor.putFile(withFaults(record, [this.#fault(kind, chunk)]));
      return ok(null);
    });
  }

  /** All that is kept was read and compared. */
  checked(id: string): Promise<Outcome<KnownFile>> {
    return this.#edit(
      'remember',
      id,
      async (editor, { record, table }) => {
        const checked = { ...record, checkedAtMs: this.#clock.epochMs() };
        editor.putFile(checked);
        return ok({ record: checked, table });
      },
      'note',
    );
  }

  #take(
    editor: JournalEditor,
    record: FileRecord,
    table: ChunkTable,
    gone: readonly number[],
    kind: StoreFault['kind'],
  ): FileRecord {
    const before = table.kept().length;
    for (const index of gone) {
      const { page, slot } = table.pageOf(index);
      const after = withoutChunk(page, slot, !record.chunksProved);
      table.replace(after);
      editor.putPage(after);
    }
    // The hash over the whole has seen a chunk that may come back with other bytes: it starts again.
    const seen = gone.some((index) => index < (record.stream?.chunks ?? 0));
    const left: FileRecord = {
      ...record,
      state: stateAfterLoss(record.state, before - gone.length),
      stream: seen && !record.chunksProved ? null : record.stream,
      lostChunks: record.lostChunks + gone.length,
    };
    const chunks = gone.length > FAULTS_AT_ONCE ? [null] : gone;
    const after = withFaults(
      left,
      chunks.map((index) => this.#fault(kind, index)),
    );
    editor.putFile(after);
    return after;
  }

  /** Takes over the chunks' own hashes, where they are given and nothing better is known. */
  async #giveHashes(editor: JournalEditor, record: FileRecord, spec: FileSpec): Promise<Outcome<KnownFile>> {
    const { sizeBytes } = record;
    const given = spec.chunkSha256;
    if (given === null || record.chunksProved || sizeBytes === null) {
      editor.putFile(record);
      return ok(await this.#withTable(editor, record));
    }
    if (given.length !== chunksOf(this.#geometry, sizeBytes)) {
      return err(failure('model-invalid', { model: record.id, reason: 'size', sizeBytes }));
    }
    const { table } = await this.#withTable(editor, record);
    const wrong: number[] = [];
    given.map(fromHex).forEach((sha256, index) => {
      const found = present(table).pageOf(index);
      const recorded = present(table).sha256(index);
      if (present(table).isKept(index) && !(recorded !== null && sameBytes(recorded, sha256)))
        wrong.push(index);
      present(table).replace(withSha256(found.page, found.slot, sha256));
    });
    this.#putPages(editor, table);
    const proved: FileRecord = { ...record, chunksProved: true, stream: null };
    editor.putFile(proved);
    if (wrong.length === 0) return ok({ record: proved, table });
    return ok({ record: this.#take(editor, proved, present(table), wrong, 'chunk-mismatch'), table });
  }

  #putPages(editor: JournalEditor, table: ChunkTable | null): void {
    for (let index = 0; index < (table?.count ?? 0); index += this.#geometry.pageChunks) {
      editor.putPage(present(table).pageOf(index).page);
    }
  }

  async #withTable(view: JournalView, record: FileRecord): Promise<KnownFile> {
    const { id, sizeBytes } = record;
    if (sizeBytes === null) return { record, table: null };
    return { record, table: new ChunkTable(this.#geometry, id, sizeBytes, await view.pages(id)) };
  }

  #fault(kind: StoreFault['kind'], chunk: number | null): StoreFault {
    return { atMs: this.#clock.epochMs(), kind, chunk, healed: false };
  }

  #edit<T>(
    doing: string,
    id: string,
    change: (editor: JournalEditor, file: KnownFile) => Promise<Outcome<T>>,
    how: 'change' | 'note' = 'change',
  ): Promise<Outcome<T>> {
    const inFile = async (editor: JournalEditor): Promise<Outcome<T>> => {
      const file = await this.known(editor, id);
      if (file === null || file.record.state === 'tombstone') {
        return err(failure('storage-failed', { doing, reason: 'removed' }));
      }
      return change(editor, file);
    };
    return inJournal(this.#journal, doing, inFile, how);
  }
}

const present = (table: ChunkTable | null): ChunkTable =>
  presentValue(table, 'the chunk table of a file of known size');
