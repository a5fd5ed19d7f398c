import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { ChunkReader } from './chunk-reader.ts';
import { sameBytes, type StoreHashes } from './store-hashes.ts';

/** `fingerprint`: rot, at disk speed. `sha256`: also against the chunks' own hashes, for what was `suspect` or in doubt. */
export type VerifyDepth = 'fingerprint' | 'sha256';

export interface VerifyOptions {
  readonly depth?: VerifyDepth;
  /** After each chunk. */
  readonly onProgress?: (doneChunks: number, ofChunks: number) => void;
}

/**
 * Reads every kept chunk; bad ones are missing from then on.
 * @returns how many were bad
 * Errors: cancelled, storage-failed.
 */
export async function verifyChunks(
  signal: AbortSignal,
  reader: ChunkReader,
  hashes: StoreHashes,
  { depth = 'fingerprint', onProgress }: VerifyOptions,
): Promise<Outcome<number>> {
  const kept = reader.kept();
  const into = reader.memory();
  let bad = 0;
  for (const [done, index] of kept.entries()) {
    if (signal.aborted) return err(failure('cancelled'));
    const read = await reader.read(index, into);
    if (!read.ok && read.error.code !== 'model-invalid') return read;
    if (!read.ok) bad += 1;
    else if (depth === 'sha256' && !(await proved(reader, index, read.value, hashes))) {
      const condemned = await reader.condemn(index);
      if (!condemned.ok) return condemned;
      bad += 1;
    }
    onProgress?.(done + 1, kept.length);
  }
  return ok(bad);
}

async function proved(
  reader: ChunkReader,
  index: number,
  bytes: Uint8Array<ArrayBuffer>,
  hashes: StoreHashes,
): Promise<boolean> {
  const expected = reader.sha256(index);
  return expected === null || sameBytes(expected, await hashes.sha256(bytes));
}
