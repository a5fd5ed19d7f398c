import type { Outcome } from './errors.ts';

/**
 * Bytes that are verified, written, repaired and fetched again together. Small: bounds what a fault costs and what is in
 * memory; 16 and 64 MiB were no faster to write, and 5 GB need 1,280 hashes of 32 bytes.
 */
export const CHUNK_BYTES = 4 * 2 ** 20;

/**
 * Where a file stands. `new`: known, no byte kept. `partial`: some chunks kept, each proved. `verified`: every chunk kept
 * and the whole proved. `suspect`: was whole, but a chunk no longer matches what was written, or the store was lost under
 * it; what still matches stays. `tombstone`: deleted, its bytes go as soon as nobody reads them.
 */
export const FILE_STATES = ['new', 'partial', 'verified', 'suspect', 'tombstone'] as const;
export type FileState = (typeof FILE_STATES)[number];

/** A file as the catalogue, an import or a model's own list of files asks for it. */
export interface FileSpec {
  /** `sha256-<64 hex digits>` where the content is known before, else `url-<64 hex digits>`, the SHA-256 of the first URL. */
  readonly id: string;
  /** The same bytes at each, the preferred first; commits pinned. Empty for an import. */
  readonly urls: readonly string[];
  /** Bytes; null when nobody has said. */
  readonly sizeBytes: number | null;
  /** Of the whole file, lower-case hex; null when nobody has said. */
  readonly sha256: string | null;
  /** Of each chunk in order, lower-case hex; null when unknown: then they are recorded at the first download, and hold from then on. */
  readonly chunkSha256: readonly string[] | null;
}

export interface ByteRange {
  readonly fromByte: number;
  /** The first byte behind the range. */
  readonly toByte: number;
}

export const chunkCount = (sizeBytes: number): number => Math.ceil(sizeBytes / CHUNK_BYTES);

/** The bytes of one chunk of a file of this size; the last one is shorter. */
export function chunkRange(index: number, sizeBytes: number): ByteRange {
  const fromByte = index * CHUNK_BYTES;
  return { fromByte, toByte: Math.min(fromByte + CHUNK_BYTES, sizeBytes) };
}

/**
 * Where a downloader or an import puts a file's chunks. One writer at a time (see the lock of the store).
 */
export interface ChunkSink {
  /** Bytes of the whole file; null until somebody knows. */
  readonly sizeBytes: number | null;
  /**
   * Told once the size is known, before the first `put`; reserves the room for it.
   * Errors: storage-full, storage-failed, model-invalid (reason `size`: another one than was expected).
   */
  setSize(sizeBytes: number): Promise<Outcome<null>>;
  /** Indices of the chunks that are not kept, in order; empty when nothing is missing. Null until the size is known. */
  missing(): readonly number[] | null;
  /**
   * Proves a chunk and keeps it: when this resolves, it is on the device and will be found there after a crash. Several
   * may be under way at once, of different chunks.
   * @param bytes exactly `chunkRange(index)`; the caller may use the buffer again afterwards
   * @param onWritten called once, when the bytes are not needed any more; not where this fails before they are written. Who
   *   gives it does not wait for each chunk, so that entries in the journal may be made for many at once
   * Errors: model-invalid (reason `chunk`: other bytes than the hash allows; nothing is written), storage-full,
   * storage-failed.
   */
  put(index: number, bytes: Uint8Array<ArrayBuffer>, onWritten?: () => void): Promise<Outcome<null>>;
  /**
   * All chunks are there: proves the whole file where its hash is known.
   * Errors: model-invalid (reason `sha256`: every chunk is then dropped again, or, where the chunks' own hashes are known,
   * only those that do not match), storage-failed.
   */
  finish(): Promise<Outcome<StoredFile>>;
}

export const STORE_FAULTS = [
  'chunk-mismatch',
  'short-write',
  'lost-data',
  'whole-mismatch',
  'storage-full',
  'storage-lost',
] as const;

/** What went wrong with a file and how it ended, newest last; kept for the health page. */
export interface StoreFault {
  /** Wall clock, ms since the epoch. */
  readonly atMs: number;
  readonly kind: (typeof STORE_FAULTS)[number];
  /** The chunk, where one is to blame. */
  readonly chunk: number | null;
  readonly healed: boolean;
}

/** A file in the store, as the pages and the headless verbs see it. */
export interface StoredFile {
  readonly id: string;
  readonly state: FileState;
  readonly sizeBytes: number | null;
  /** Bytes of the chunks that are kept and proved. */
  readonly keptBytes: number;
  readonly chunks: number | null;
  readonly keptChunks: number;
  /** Of the whole, as expected or, for a verified file, as found; null while nobody knows. */
  readonly sha256: string | null;
  readonly urls: readonly string[];
  readonly faults: readonly StoreFault[];
  /**
   * When all that is kept was last read and compared with what was written, or the whole was proved; wall clock, ms since the
   * epoch. Null: not since it began, or not since the store notes it.
   */
  readonly checkedAtMs: number | null;
  /** Chunks that were kept once and then did not match, or were gone; those that were fetched again since among them. */
  readonly lostChunks: number;
}

/** One model of the store: its files, and what decides who goes first when room is needed. */
export interface StoredModel {
  readonly id: string;
  readonly name: string;
  readonly format: 'gguf' | 'mlc';
  readonly origin: 'catalogue' | 'import' | 'address';
  readonly files: readonly StoredFile[];
  /** The state of the worst of its files. */
  readonly state: FileState;
  readonly sizeBytes: number | null;
  readonly keptBytes: number;
  /** Never evicted, only deleted by hand. */
  readonly pinned: boolean;
  /** Wall clock, ms since the epoch. */
  readonly addedAtMs: number;
  readonly lastUsedAtMs: number;
}

/** Who would go to make room, least recently used first. */
export interface EvictionPlan {
  readonly neededBytes: number;
  readonly freedBytes: number;
  readonly models: readonly { readonly id: string; readonly name: string; readonly freedBytes: number }[];
  /** Whether all of them together are enough. */
  readonly enough: boolean;
}

/** A file that is to be kept. */
export interface WantedFile {
  /** Null for one that the store has nothing of. */
  readonly id: string | null;
  readonly sizeBytes: number;
}

/** How something that was refused for want of room would fit. */
export interface RoomPlan {
  /** What must be free for it: the bytes that are missing, the reserve, and the steps in which browsers give room. */
  readonly wantedBytes: number;
  /** What could be reserved when it was asked, found by reserving it; null where nobody can tell. */
  readonly freeBytes: number | null;
  /** At most these go: while it is carried out, the room is measured again after each. */
  readonly eviction: EvictionPlan;
}

/** What went to make room. */
export interface Evicted {
  readonly freedBytes: number;
  /** Ids. */
  readonly models: readonly string[];
}

/** What came of a deletion. */
export interface Removal {
  readonly freedBytes: number;
  /** Of deleted files that somebody still reads, in this tab or another: they come free when he has done. */
  readonly heldBytes: number;
}
