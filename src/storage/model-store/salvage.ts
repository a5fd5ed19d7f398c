import type { ByteFile } from './byte-store.ts';
import type { ChunkGeometry } from './chunk-geometry.ts';
import type { ChunkTable } from './chunk-table.ts';
import type { WrittenChunk } from './file-ledger.ts';
import { sameBytes, type StoreHashes } from './store-hashes.ts';

/**
 * Missing chunks that are looked at: those of all requests that a download makes at once (three of 16 chunks), and some. Of
 * what was never written little is read.
 */
const LOOKED_AT = 64;
/** Looked at first; where a file was only grown, all of it is zero. */
const HEAD_BYTES = 4096;

/**
 * Chunks that were written before a crash and that the journal had not heard of. Only where their own hashes are known, which
 * prove them as they prove what a server sends. Looks where a download writes next: at the first that are missing.
 * @param memory at least one chunk long
 * @throws what the byte store throws
 */
export async function salvage(
  file: ByteFile,
  table: ChunkTable,
  geometry: ChunkGeometry,
  hashes: StoreHashes,
  memory: Uint8Array<ArrayBuffer>,
): Promise<readonly WrittenChunk[]> {
  const found: WrittenChunk[] = [];
  for (const index of table.missing().slice(0, LOOKED_AT)) {
    const expected = table.sha256(index);
    if (expected === null) continue;
    const bytes = memory.subarray(0, table.bytesOf(index));
    if (!(await isWritten(file, bytes, index * geometry.chunkBytes))) continue;
    const sha256 = await hashes.sha256(bytes);
    if (sameBytes(sha256, expected)) found.push({ index, fingerprint: hashes.fingerprint(bytes), sha256 });
  }
  return found;
}

/** @returns whether all of `into` was read, and does not begin as what was never written */
async function isWritten(file: ByteFile, into: Uint8Array<ArrayBuffer>, atByte: number): Promise<boolean> {
  const head = into.subarray(0, HEAD_BYTES);
  if ((await file.read(head, atByte)) !== head.length) return false;
  if (head.every((byte) => byte === 0)) return false;
  return (await file.read(into, atByte)) === into.length;
}
