/** What a file is opened for. Readers may be many; a writer is alone (`FileLocks`). */
export type ByteAccess = 'read' | 'write';

/**
 * An open file. Models `FileSystemSyncAccessHandle` with what browsers really do: `write` may keep fewer bytes than it
 * was given, or return a negative error code as a uint32 (4294967288 is "no space") instead of throwing; `size` of a
 * handle whose storage was cleared is nonsense. Methods throw the platform's own errors; `store-failure.ts` names them.
 */
export interface ByteFile {
  /** @returns bytes read; fewer than `into` has where the file ends */
  read(into: Uint8Array<ArrayBuffer>, atByte: number): Promise<number>;
  /** @returns what the platform says it wrote: compare it with the length, and never ignore it */
  write(bytes: Uint8Array<ArrayBuffer>, atByte: number): Promise<number>;
  /** Grows (with zeros) or cuts. Growing is the honest question for room, where the store `reserves`. */
  truncate(sizeBytes: number): Promise<void>;
  size(): Promise<number>;
  /** When this resolves, what was written survives the end of the browser. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface ByteStoreEntry {
  readonly name: string;
  readonly sizeBytes: number;
}

/** Hands out whole files to others: an engine reads their parts as it needs them. */
export interface BlobSource {
  /** As the file is now; null: there is none. What is written afterwards makes it unreadable, or is not seen. */
  blob(name: string): Promise<Blob | null>;
}

/** Files of bytes by name, in one flat folder. */
export interface ByteStore {
  /** Whether `truncate` takes the room from the quota at once, so that it can answer whether there is any. */
  readonly reserves: boolean;
  /** Opens; `write` creates the file where there is none. Null: there is none to read. */
  open(name: string, access: ByteAccess): Promise<ByteFile | null>;
  /** Removes; nothing happens where there is none. @throws while somebody has it open */
  remove(name: string): Promise<void>;
  list(): Promise<readonly ByteStoreEntry[]>;
}
