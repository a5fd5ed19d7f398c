import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { GgufSummary } from '#contracts/gguf';
import { chunkCount, chunkRange, type FileSpec } from '#contracts/model-store';
import type { ModelProgress } from '#contracts/models';
import { blobSource } from '../../src/storage/gguf/blob-source.ts';
import { inspectGguf } from '../../src/storage/gguf/inspect.ts';
import { checkSet, type GgufPart } from '../../src/storage/gguf/split-set.ts';
import type { ModelStore } from '../../src/storage/model-store/model-store.ts';
import { toHex } from '../../src/storage/model-store/store-hashes.ts';
import { wasmHashes } from '../../src/storage/model-store/wasm-hashes.ts';
import { localProgress } from './progress-line.ts';

const HASHED_AT_ONCE_BYTES = 4 * 2 ** 20;

type Tell = (progress: ModelProgress) => void;

/** Files of the user's that are one whole model, in order. */
interface Inspected {
  readonly files: readonly File[];
  readonly summary: GgufSummary;
}

/** Errors: model-invalid with a `GgufRefusal`, storage-failed (a file that cannot be read), cancelled. */
async function inspect(signal: AbortSignal, files: readonly File[]): Promise<Outcome<Inspected>> {
  const parts: GgufPart[] = [];
  for (const file of files) {
    const inspected = await inspectGguf(signal, blobSource(file));
    if (!inspected.ok)
      return err({ ...inspected.error, details: { ...inspected.error.details, model: file.name } });
    parts.push({ fileName: file.name, inspected: inspected.value });
  }
  const set = checkSet(parts);
  if (!set.ok) return set;
  const { fileNames, summary } = set.value;
  return ok({
    files: fileNames.flatMap((name) => files.filter((file) => file.name === name)),
    summary,
  });
}

/** Lower-case hex. Rejects when the file cannot be read. */
async function sha256(signal: AbortSignal, file: File, onBytes: (bytes: number) => void): Promise<string> {
  const hash = await (await wasmHashes()).stream(null);
  for (let atByte = 0; atByte < file.size; atByte += HASHED_AT_ONCE_BYTES) {
    signal.throwIfAborted();
    hash.update(new Uint8Array(await file.slice(atByte, atByte + HASHED_AT_ONCE_BYTES).arrayBuffer()));
    onBytes(Math.min(HASHED_AT_ONCE_BYTES, file.size - atByte));
  }
  return toHex(hash.digest());
}

/** `tiny-llama-Q4_0-00001-of-00003.gguf` → `tiny-llama-Q4_0`. */
function nameOf(file: File): string {
  return file.name.replace(/\.gguf$/i, '').replace(/-\d{5}-of-\d{5}$/, '');
}

/**
 * Takes files of the user's into the store: looked at before a byte is written, hashed (their content is their name in the
 * store, so that the same file is kept once), then copied chunk by chunk.
 * @returns the model's id in the store
 * Errors: model-invalid with a `GgufRefusal`; storage-full, storage-failed; cancelled.
 */
export async function importModel(
  signal: AbortSignal,
  store: ModelStore,
  given: readonly File[],
  tell: Tell,
): Promise<Outcome<string>> {
  const inspected = await inspect(signal, given);
  if (!inspected.ok) return inspected;
  const { files } = inspected.value;
  const [first] = files;
  if (first === undefined) return err(failure('model-invalid', { model: '', reason: 'not-gguf' }));
  const name = nameOf(first);
  // Hashing and copying each read everything once.
  const totalBytes = 2 * files.reduce((sum, file) => sum + file.size, 0);
  const modelId = `import-${name}`;
  let doneBytes = 0;
  const advance = (bytes: number): void => {
    doneBytes += bytes;
    tell(localProgress(modelId, 'import', doneBytes / 2, totalBytes / 2));
  };
  try {
    const specs: FileSpec[] = [];
    for (const file of files) {
      const hash = await sha256(signal, file, advance);
      specs.push({ id: `sha256-${hash}`, urls: [], sizeBytes: file.size, sha256: hash, chunkSha256: null });
    }
    const added = await store.addModel({ id: modelId, name, format: 'gguf', origin: 'import', files: specs });
    if (!added.ok) return added;
    for (const [index, spec] of specs.entries()) {
      const copied = await copy(signal, store, spec, files[index] ?? first, advance);
      if (!copied.ok) return copied;
    }
    return ok(modelId);
  } catch (thrown) {
    if (signal.aborted) return err(failure('cancelled', { model: name }));
    return err(failure('storage-failed', { doing: 'import', reason: 'unreadable' }, thrown));
  }
}

async function copy(
  signal: AbortSignal,
  store: ModelStore,
  spec: FileSpec,
  file: File,
  onBytes: (bytes: number) => void,
): Promise<Outcome<null>> {
  const sink = await store.sink(spec);
  if (!sink.ok) return sink;
  try {
    const sized = await sink.value.setSize(file.size);
    if (!sized.ok) return sized;
    const missing = new Set(sink.value.missing() ?? []);
    for (let index = 0; index < chunkCount(file.size); index += 1) {
      signal.throwIfAborted();
      const { fromByte, toByte } = chunkRange(index, file.size);
      if (missing.has(index)) {
        const bytes = new Uint8Array(await file.slice(fromByte, toByte).arrayBuffer());
        const put = await sink.value.put(index, bytes);
        if (!put.ok) return put;
      }
      onBytes(toByte - fromByte);
    }
    const finished = await sink.value.finish();
    return finished.ok ? ok(null) : finished;
  } finally {
    await sink.value.close();
  }
}
