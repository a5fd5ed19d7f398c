import type { GgufSource } from '#contracts/engine';
import { syntheticGguf, type SyntheticOptions, type SyntheticShape } from './synthetic-gguf.ts';

/** A synthetic model as a worker of this page can fetch it. */
export async function syntheticSource(shape: SyntheticShape, options: SyntheticOptions): Promise<GgufSource> {
  return sourceOf(syntheticGguf(shape, options));
}

/** Any bytes as a model file, with the size and hash that they really have. */
export async function sourceOf(bytes: Uint8Array<ArrayBuffer>): Promise<GgufSource> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return {
    format: 'gguf',
    id: 'synthetic',
    name: 'Synthetic',
    url: URL.createObjectURL(new Blob([bytes])),
    sizeBytes: bytes.length,
    sha256: [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
  };
}
