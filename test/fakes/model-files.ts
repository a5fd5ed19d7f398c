import { seededRandom } from '#kernel/random';
import type { FileSpec } from '#contracts/model-store';
import { toHex } from '../../src/storage/model-store/store-hashes.ts';

/** Who knows what about a file before it is fetched. */
export interface Knowledge {
  readonly whole: boolean;
  readonly chunks: boolean;
  readonly size: boolean;
}

/** A file as it is at its source. */
export interface TrueFile {
  readonly spec: FileSpec;
  readonly bytes: Uint8Array<ArrayBuffer>;
  chunk(index: number): Uint8Array<ArrayBuffer>;
  readonly chunks: number;
}

/** A file of seeded bytes, and what is known of it. */
export async function trueFile(
  seed: number,
  sizeBytes: number,
  chunkBytes: number,
  sha256: (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>,
  { whole, chunks, size }: Knowledge,
): Promise<TrueFile> {
  const random = seededRandom(seed);
  const bytes = Uint8Array.from({ length: sizeBytes }, () => Math.floor(random() * 256));
  const count = Math.ceil(sizeBytes / chunkBytes);
  const chunk = (index: number): Uint8Array<ArrayBuffer> =>
    bytes.slice(index * chunkBytes, (index + 1) * chunkBytes);
  const hash = toHex(await sha256(bytes));
  const hashes: string[] = [];
  for (let index = 0; chunks && index < count; index += 1) hashes.push(toHex(await sha256(chunk(index))));
  return {
    bytes,
    chunk,
    chunks: count,
    spec: {
      id: whole ? `sha256-${hash}` : `url-${seed.toString(16).padStart(64, '0')}`,
      urls: [`https://models.example/${String(seed)}`],
      sizeBytes: size ? sizeBytes : null,
      sha256: whole ? hash : null,
      chunkSha256: chunks ? hashes : null,
    },
  };
}

/** As it comes over a bad line: one bit is another. */
export function flipped(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  copy[Math.floor(copy.length / 2)] = (copy[Math.floor(copy.length / 2)] ?? 0) ^ 4;
  return copy;
}
