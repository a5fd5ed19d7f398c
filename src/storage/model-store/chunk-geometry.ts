import { CHUNK_BYTES, type ByteRange } from '#contracts/model-store';

/** How files are cut into chunks, and chunks of the journal into pages; simulations cut smaller. */
export interface ChunkGeometry {
  readonly chunkBytes: number;
  /** Chunks per record of the journal, a multiple of 8. */
  readonly pageChunks: number;
}

export const STORE_GEOMETRY: ChunkGeometry = { chunkBytes: CHUNK_BYTES, pageChunks: 256 };

export const chunksOf = ({ chunkBytes }: ChunkGeometry, sizeBytes: number): number =>
  Math.ceil(sizeBytes / chunkBytes);

export function rangeOf({ chunkBytes }: ChunkGeometry, index: number, sizeBytes: number): ByteRange {
  const fromByte = index * chunkBytes;
  return { fromByte, toByte: Math.min(fromByte + chunkBytes, sizeBytes) };
}

/** Where chunk `index` stands in the journal. */
export function slotOf({ pageChunks }: ChunkGeometry, index: number): { page: number; slot: number } {
  return { page: Math.floor(index / pageChunks), slot: index % pageChunks };
}
