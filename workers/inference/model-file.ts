import { err, ok } from '#kernel/result';
import type { GgufSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';

/** GGUF files begin with these bytes ("GGUF"; ggml docs/gguf.md). */
const GGUF_MAGIC = [0x47, 0x47, 0x55, 0x46];

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Fetches a model file and proves that it is the one the catalogue means, before native code sees a byte of it
 * (llama.cpp accepts damaged files without a word).
 * Errors: model-fetch-failed; model-invalid with the reason (size, magic or hash).
 */
export async function fetchModelFile(model: GgufSource): Promise<Outcome<Blob>> {
  let bytes: ArrayBuffer;
  try {
    const response = await fetch(model.url);
    if (!response.ok)
      return err(failure('model-fetch-failed', { model: model.name, status: response.status }));
    bytes = await response.arrayBuffer();
  } catch (thrown) {
    return err(failure('model-fetch-failed', { model: model.name }, thrown));
  }
  const invalid = (reason: string): Outcome<Blob> =>
    err(
      failure('model-invalid', {
        model: model.name,
        reason,
        expectedBytes: model.sizeBytes,
        bytes: bytes.byteLength,
      }),
    );
  const head = new Uint8Array(bytes, 0, Math.min(GGUF_MAGIC.length, bytes.byteLength));
  if (!GGUF_MAGIC.every((byte, index) => head[index] === byte)) return invalid('not-gguf');
  if (bytes.byteLength !== model.sizeBytes) return invalid('size');
  if ((await sha256(bytes)) !== model.sha256) return invalid('sha256');
  return ok(new Blob([bytes]));
}
