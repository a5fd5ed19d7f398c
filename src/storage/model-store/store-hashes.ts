/** Bytes of a fingerprint (XXH3-128). */
export const FINGERPRINT_BYTES = 16;
/** Bytes of a SHA-256. */
export const SHA256_BYTES = 32;

/**
 * A hash over a file from its first byte on, whose state can be put away and taken up again. It may be computed in another
 * thread: calls take effect in their order and need not wait for each other. Every one rejects when the stream is lost.
 */
export interface HashStream {
  /** Resolves when it has seen them; they may be overwritten as soon as this has returned. */
  update(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Its state after the updates before this call. */
  save(): Promise<Uint8Array>;
  /** SHA-256, 32 bytes; ends the stream. */
  digest(): Promise<Uint8Array>;
}

/** The hash functions of the store; simulations use cheap ones. */
export interface StoreHashes {
  /** Finds rot, not malice: 16 bytes, checked on every read. */
  fingerprint(bytes: Uint8Array<ArrayBuffer>): Uint8Array;
  /** Proves content: 32 bytes. */
  sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  /** From the beginning (null), or from a saved state. @throws where the state is not one of this build's */
  stream(state: Uint8Array | null): Promise<HashStream>;
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param hex an even number of hex digits */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
