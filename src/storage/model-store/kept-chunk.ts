import type { ByteFile } from './byte-store.ts';
import type { ChunkGeometry } from './chunk-geometry.ts';
import type { ChunkTable } from './chunk-table.ts';
import { sameBytes, type StoreHashes } from './store-hashes.ts';

/** Bytes that are what was written; or that some are missing (`lost-data`), or others (`chunk-mismatch`). */
export type ReadChunk =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly kind: 'lost-data' | 'chunk-mismatch' };

/** Before a chunk is called bad it is read again: what was wrong may have been the reading. */
const READINGS = 2;

/**
 * Reads a kept chunk and compares its fingerprint.
 * @param into at least as long as the chunk; memory that is used again is read into at twice the speed of fresh memory
 * @throws what the byte store throws: then nothing is known about the chunk
 */
export async function readKeptChunk(
  file: ByteFile,
  table: ChunkTable,
  index: number,
  geometry: ChunkGeometry,
  hashes: StoreHashes,
  into = new Uint8Array(table.bytesOf(index)),
): Promise<ReadChunk> {
  const bytes = into.subarray(0, table.bytesOf(index));
  const fromByte = index * geometry.chunkBytes;
  let kind: 'lost-data' | 'chunk-mismatch' = 'lost-data';
  for (let reading = 0; reading < READINGS; reading += 1) {
    const count = await file.read(bytes, fromByte);
    if (count !== bytes.length) kind = 'lost-data';
    else if (sameBytes(hashes.fingerprint(bytes), table.fingerprint(index))) return { ok: true, bytes };
    else kind = 'chunk-mismatch';
  }
  return { ok: false, kind };
}
