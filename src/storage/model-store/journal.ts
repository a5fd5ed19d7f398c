import type { FileState, StoreFault, StoredModel } from '#contracts/model-store';

/** How far the whole file's hash has come: it has seen every chunk before `chunks`. */
export interface StreamMark {
  readonly chunks: number;
  /** The hasher's own state (`HashStream.save`). */
  readonly state: Uint8Array;
}

/** What the journal knows of a file, besides its chunks. */
export interface FileRecord {
  readonly id: string;
  readonly state: FileState;
  readonly urls: readonly string[];
  readonly sizeBytes: number | null;
  /** The catalogue said the size, not a server: a server that says another one is wrong. */
  readonly sizeGiven: boolean;
  /** Bytes that the byte store holds for it, kept or only reserved. */
  readonly allocatedBytes: number;
  /** Lower-case hex: expected, or found. */
  readonly sha256: string | null;
  /**
   * The chunks' own SHA-256s can be relied on: they were given, or the whole they make up was proved. Until then they
   * are only what the first download brought, and go with their chunk.
   */
  readonly chunksProved: boolean;
  readonly stream: StreamMark | null;
  readonly faults: readonly StoreFault[];
  /** As in `StoredFile`. */
  readonly checkedAtMs: number | null;
  readonly lostChunks: number;
}

/**
 * What the journal knows of a run of consecutive chunks: small, so that keeping a chunk writes little (a page of 256
 * chunks, 1 GiB, is 12 KiB; Chromium moves values over 64 KiB into files of their own, which fail more often).
 */
export interface ChunkPage {
  readonly fileId: string;
  /** Chunks `page * pageChunks` and on. */
  readonly page: number;
  /** Bit per chunk, least significant first: it is on the device. */
  readonly kept: Uint8Array;
  /** Bit per chunk: its SHA-256 is known. */
  readonly known: Uint8Array;
  /** 16 bytes per chunk: XXH3-128 of what was written. */
  readonly fingerprints: Uint8Array;
  /** 32 bytes per chunk. */
  readonly sha256: Uint8Array;
}

/** A model: what it is called and which files it is made of. */
export interface ModelRecord extends Pick<
  StoredModel,
  'id' | 'name' | 'format' | 'origin' | 'pinned' | 'addedAtMs' | 'lastUsedAtMs'
> {
  readonly fileIds: readonly string[];
}

/** Ids of records of another version, or damaged; they and what they stand for are left alone. */
export interface UnreadableRecords {
  readonly files: readonly string[];
  readonly models: readonly string[];
}

/** The records as one transaction sees them. Nothing but these may be awaited inside a transaction. */
export interface JournalView {
  /** @throws WitanError record-invalid, as `model` does */
  file(id: string): Promise<FileRecord | null>;
  /** Those that can be read, as `models`. */
  files(): Promise<readonly FileRecord[]>;
  /** Those that can be read; the chunks of others count as missing. */
  pages(fileId: string): Promise<readonly ChunkPage[]>;
  model(id: string): Promise<ModelRecord | null>;
  models(): Promise<readonly ModelRecord[]>;
  unreadable(): Promise<UnreadableRecords>;
}

export interface JournalEditor extends JournalView {
  putFile(record: FileRecord): void;
  /** The file and its pages. */
  dropFile(id: string): void;
  putPage(page: ChunkPage): void;
  dropPages(fileId: string): void;
  putModel(record: ModelRecord): void;
  dropModel(id: string): void;
}

/**
 * The truth about what is kept. Never ahead of the bytes: whoever writes says here what it has written only after the
 * flush. All methods throw what the platform throws.
 */
export interface Journal {
  read<T>(look: (view: JournalView) => Promise<T>): Promise<T>;
  /** All or nothing (nothing when `change` throws), one at a time over all tabs; durable when it resolves. */
  change<T>(change: (editor: JournalEditor) => Promise<T>): Promise<T>;
  /** As `change`, of what nothing hangs on: it may be gone with the power. */
  note<T>(change: (editor: JournalEditor) => Promise<T>): Promise<T>;
  close(): void;
}
