import { err, ok } from '#kernel/result';
import type { GgufSource, LoadProgress, StoredSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';

/** GGUF files begin with these bytes ("GGUF"; ggml docs/gguf.md). */
const GGUF_MAGIC = [0x47, 0x47, 0x55, 0x46];

async function sha256(file: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Bytes that are gathered in memory before the browser gets them to keep as a Blob, on disk if it likes. */
const GATHERED_BYTES = 8 * 2 ** 20;

/** The body as a Blob of Blobs, never as a whole in this thread's memory. Rejects when the line breaks. */
async function blobOf(response: Response, onBytes: (bytes: number) => void): Promise<Blob> {
  if (response.body === null) return response.blob();
  const kept: Blob[] = [];
  let gathered: Uint8Array<ArrayBuffer>[] = [];
  let waiting = 0;
  let bytes = 0;
  const reader = response.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    gathered.push(read.value);
    waiting += read.value.byteLength;
    bytes += read.value.byteLength;
    onBytes(bytes);
    if (waiting < GATHERED_BYTES) continue;
    kept.push(new Blob(gathered));
    gathered = [];
    waiting = 0;
  }
  return new Blob([...kept, ...gathered]);
}

/**
 * Fetches a model file and proves that it is the one the catalogue means, before native code sees a byte of it
 * (llama.cpp accepts damaged files without a word). The file stays a Blob, which the browser may keep on disk; only for
 * the hash is it in memory as a whole, for a moment.
 * Errors: model-fetch-failed; model-invalid with the reason (size, magic or hash); out-of-memory.
 */
export async function fetchModelFile(
  model: GgufSource,
  onProgress: (progress: LoadProgress) => void = () => undefined,
): Promise<Outcome<Blob>> {
  let file: Blob;
  try {
    const response = await fetch(model.url);
    if (!response.ok)
      return err(failure('model-fetch-failed', { model: model.name, status: response.status }));
    file = await blobOf(response, (bytes) => {
      onProgress({ phase: 'fetch', fraction: Math.min(1, bytes / model.sizeBytes), bytes });
    });
  } catch (thrown) {
    return err(failure('model-fetch-failed', { model: model.name }, thrown));
  }
  const invalid = (reason: string): Outcome<Blob> =>
    err(
      failure('model-invalid', {
        model: model.name,
        reason,
        expectedBytes: model.sizeBytes,
        bytes: file.size,
      }),
    );
  const head = new Uint8Array(await file.slice(0, GGUF_MAGIC.length).arrayBuffer());
  if (!GGUF_MAGIC.every((byte, index) => head[index] === byte)) return invalid('not-gguf');
  if (file.size !== model.sizeBytes) return invalid('size');
  try {
    if ((await sha256(file)) !== model.sha256) return invalid('sha256');
  } catch (thrown) {
    // Browsers say it in different words; a Blob that was just fetched can fail for no other reason.
    return err(failure('out-of-memory', { model: model.name, bytes: file.size }, thrown));
  }
  return ok(file);
}

/**
 * The parts of a model in order: of the model store, which has proved them, or fetched.
 * Errors: those of `fetchModelFile`; model-invalid with reason `no-files`.
 */
export async function modelFiles(
  model: GgufSource | StoredSource,
  onProgress?: (progress: LoadProgress) => void,
): Promise<Outcome<readonly Blob[]>> {
  if (model.format === 'stored') {
    const { files = [] } = model;
    return files.length > 0
      ? ok(files)
      : err(failure('model-invalid', { model: model.name, reason: 'no-files' }));
  }
  const file = await fetchModelFile(model, onProgress);
  return file.ok ? ok([file.value]) : file;
}
