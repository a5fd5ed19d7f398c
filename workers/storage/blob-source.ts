import type { ByteSource } from '../../src/storage/gguf/header-window.ts';

/** A file or Blob as the GGUF parser reads it. */
export function byteSourceOf(blob: Blob): ByteSource {
  return {
    sizeBytes: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}
