import type { ChunkPage } from './journal.ts';
import { FINGERPRINT_BYTES, SHA256_BYTES } from './store-hashes.ts';

/** Pages are values: what changes one returns a new one. */
export function emptyPage(fileId: string, page: number, pageChunks: number): ChunkPage {
  return {
    fileId,
    page,
    kept: new Uint8Array(Math.ceil(pageChunks / 8)),
    known: new Uint8Array(Math.ceil(pageChunks / 8)),
    fingerprints: new Uint8Array(pageChunks * FINGERPRINT_BYTES),
    sha256: new Uint8Array(pageChunks * SHA256_BYTES),
  };
}

export const isKept = (page: ChunkPage, slot: number): boolean => bit(page.kept, slot);

export const fingerprintAt = (page: ChunkPage, slot: number): Uint8Array =>
  page.fingerprints.subarray(slot * FINGERPRINT_BYTES, (slot + 1) * FINGERPRINT_BYTES);

/** SHA-256 that the chunk must have; null when nobody knows. */
export const sha256At = (page: ChunkPage, slot: number): Uint8Array | null =>
  bit(page.known, slot) ? page.sha256.subarray(slot * SHA256_BYTES, (slot + 1) * SHA256_BYTES) : null;

export function withChunk(
  page: ChunkPage,
  slot: number,
  fingerprint: Uint8Array,
  sha256: Uint8Array,
): ChunkPage {
  return {
    ...withSha256(page, slot, sha256),
    kept: withBit(page.kept, slot, true),
    fingerprints: withBytes(page.fingerprints, fingerprint, slot * FINGERPRINT_BYTES),
  };
}

export function withSha256(page: ChunkPage, slot: number, sha256: Uint8Array): ChunkPage {
  return {
    ...page,
    known: withBit(page.known, slot, true),
    sha256: withBytes(page.sha256, sha256, slot * SHA256_BYTES),
  };
}

/** @param forget whether its SHA-256 goes too */
export function withoutChunk(page: ChunkPage, slot: number, forget: boolean): ChunkPage {
  const kept = withBit(page.kept, slot, false);
  return forget ? { ...page, kept, known: withBit(page.known, slot, false) } : { ...page, kept };
}

const bit = (bits: Uint8Array, index: number): boolean =>
  (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;

function withBit(bits: Uint8Array, index: number, value: boolean): Uint8Array {
  const copy = bits.slice();
  const mask = 1 << (index & 7);
  const byte = copy[index >> 3] ?? 0;
  copy[index >> 3] = value ? byte | mask : byte & ~mask;
  return copy;
}

function withBytes(table: Uint8Array, bytes: Uint8Array, at: number): Uint8Array {
  const copy = table.slice();
  copy.set(bytes, at);
  return copy;
}
