import type { ByteSource } from './header-window.ts';

/** A Blob or File (dropped, picked, or of the private file system): slices are read, never the whole. */
export function blobSource(blob: Blob): ByteSource {
  return {
    sizeBytes: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}
