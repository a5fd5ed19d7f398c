import { present } from '#kernel/assert';
import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { GgufSet } from '#contracts/gguf';
import { chunkCount, chunkRange, type FileSpec } from '#contracts/model-store';
import type { ModelProgress } from '#contracts/models';
import { blobSource } from '../../src/storage/gguf/blob-source.ts';
import { inspectGguf } from '../../src/storage/gguf/inspect.ts';
import { checkSet, type GgufPart } from '../../src/storage/gguf/split-set.ts';
import type { ModelSpec } from '../../src/storage/model-store/model-shelf.ts';
import type { ModelStore } from '../../src/storage/model-store/model-store.ts';
import { toHex } from '../../src/storage/model-store/store-hashes.ts';
import { wasmHashes } from '../../src/storage/model-store/wasm-hashes.ts';
import { localProgress } from './progress-line.ts';

const HASHED_AT_ONCE_BYTES = 4 * 2 ** 20;

/** How an import tells of itself. */
export interface ImportLine {
  readonly tell: (progress: ModelProgress) => void;
  /** From now on it goes by this id, so that it is stopped by it. @returns false where that one is worked on */
  readonly become: (modelId: string) => boolean;
}

export interface ExaminedFiles {
  /** In the order of the parts. */
  readonly files: readonly File[];
  readonly set: GgufSet;
}

/**
 * Looks at files of the user's that are to be one whole model.
 * Errors: model-invalid with a `GgufRefusal`, storage-failed (a file that cannot be read), cancelled.
 */
export async function examineFiles(
  signal: AbortSignal,
  files: readonly File[],
): Promise<Outcome<ExaminedFiles>> {
  const parts: (GgufPart & { readonly file: File })[] = [];
  for (const file of files) {
    const inspected = await inspectGguf(signal, blobSource(file));
    if (!inspected.ok)
      return err({ ...inspected.error, details: { ...inspected.error.details, model: file.name } });
    parts.push({ file, fileName: file.name, inspected: inspected.value });
  }
  const set = checkSet(parts);
  if (!set.ok) return err({ ...set.error, details: { model: nameOf(files), ...set.error.details } });
  // Not by name: parts may have the same one.
  const place = ({ inspected }: GgufPart): number => inspected.summary.split?.part ?? 0;
  const inOrder = [...parts].sort((a, b) => place(a) - place(b)).map(({ file }) => file);
  return ok({ files: inOrder, set: set.value });
}

/** Lower-case hex. Rejects when the file cannot be read. */
async function sha256(signal: AbortSignal, file: File, onBytes: (bytes: number) => void): Promise<string> {
  const hash = await (await wasmHashes()).stream(null);
  for (let atByte = 0; atByte < file.size; atByte += HASHED_AT_ONCE_BYTES) {
    signal.throwIfAborted();
    await hash.update(new Uint8Array(await file.slice(atByte, atByte + HASHED_AT_ONCE_BYTES).arrayBuffer()));
    onBytes(Math.min(HASHED_AT_ONCE_BYTES, file.size - atByte));
  }
  return toHex(await hash.digest());
}

/** `tiny-llama-Q4_0-00001-of-00003.gguf` → `tiny-llama-Q4_0`; the same in whatever order the parts are given. */
function nameOf(files: readonly File[]): string {
  const [first = ''] = files.map((file) => file.name).sort();
  return first.replace(/\.gguf$/i, '').replace(/-\d{5}-of-\d{5}$/, '');
}

/** The model that these files become, as long as the store has no other one of that name. */
export const importedId = (files: readonly File[]): string => `import-${nameOf(files)}`;

/** While nobody knows yet whether it is the model of that name that the store has, or another one. */
const unnamedId = (files: readonly File[]): string => `${importedId(files)}-incoming`;

const busy = (): Outcome<never> => err(failure('storage-failed', { doing: 'import', reason: 'busy' }));

/**
 * Takes files of the user's into the store: looked at before a byte is written, hashed (their content is their name in the
 * store, so that the same file is kept once), then copied chunk by chunk. What fails leaves nothing: there is no address
 * that the rest could come from.
 * @returns the model's id in the store
 * Errors: model-invalid with a `GgufRefusal`; storage-full, storage-failed; cancelled.
 */
export async function importModel(
  signal: AbortSignal,
  store: ModelStore,
  given: readonly File[],
  line: ImportLine,
): Promise<Outcome<string>> {
  const examined = await examineFiles(signal, given);
  if (!examined.ok) return examined;
  const { files } = examined.value;
  const known = await store.list();
  if (!known.ok) return known;
  let shownAs = importedId(given);
  if (known.value.some(({ id }) => id === shownAs)) shownAs = unnamedId(given);
  if (!line.become(shownAs)) return busy();
  // Hashing and copying each read everything once.
  const totalBytes = 2 * files.reduce((sum, file) => sum + file.size, 0);
  let doneBytes = 0;
  const advance = (bytes: number): void => {
    doneBytes += bytes;
    line.tell(localProgress(shownAs, 'import', doneBytes / 2, totalBytes / 2));
  };
  const reading = async <T>(work: () => Promise<Outcome<T>>): Promise<Outcome<T>> => {
    try {
      return await work();
    } catch (thrown) {
      if (signal.aborted) return err(failure('cancelled', { model: nameOf(given) }));
      return err(failure('storage-failed', { doing: 'import', reason: 'unreadable' }, thrown));
    }
  };
  const hashed = await reading(() => specsOf(signal, files, advance));
  if (!hashed.ok) return hashed;
  const placed = await placeOf(store, given, hashed.value);
  if (!placed.ok) return placed;
  const { isNew, ...model } = placed.value;
  if (!line.become(model.id)) return busy();
  shownAs = model.id;
  const added = await store.addModel(model);
  if (!added.ok) return added;
  const copied = await reading(() => copyAll(signal, store, hashed.value, files, advance));
  if (copied.ok) return ok(model.id);
  // Another tab may be importing the same: then it is his.
  if (isNew && copied.error.details['reason'] !== 'busy') await store.removeModel(model.id);
  return copied;
}

/** Rejects when a file cannot be read. */
async function specsOf(
  signal: AbortSignal,
  files: readonly File[],
  onBytes: (bytes: number) => void,
): Promise<Outcome<readonly FileSpec[]>> {
  const specs: FileSpec[] = [];
  for (const file of files) {
    const hash = await sha256(signal, file, onBytes);
    specs.push({ id: `sha256-${hash}`, urls: [], sizeBytes: file.size, sha256: hash, chunkSha256: null });
  }
  return ok(specs);
}

/** Where it goes: another model that was imported under the same name is not to be lost to this one. */
async function placeOf(
  store: ModelStore,
  given: readonly File[],
  files: readonly FileSpec[],
): Promise<Outcome<ModelSpec & { readonly isNew: boolean }>> {
  const models = await store.list();
  if (!models.ok) return models;
  const content = files.map((file) => file.id).join();
  const taken = models.value.find((model) => model.id === importedId(given));
  const isOther = taken !== undefined && taken.files.map((file) => file.id).join() !== content;
  const mark = files[0]?.sha256?.slice(0, 8) ?? '';
  const id = isOther ? `${importedId(given)}-${mark}` : importedId(given);
  const name = isOther ? `${nameOf(given)} (${mark})` : nameOf(given);
  const isNew = !models.value.some((model) => model.id === id);
  return ok({ id, name, format: 'gguf', origin: 'import', files, isNew });
}

/** Rejects when a file cannot be read. */
async function copyAll(
  signal: AbortSignal,
  store: ModelStore,
  specs: readonly FileSpec[],
  files: readonly File[],
  onBytes: (bytes: number) => void,
): Promise<Outcome<null>> {
  for (const [index, spec] of specs.entries()) {
    const copied = await copyInto(
      signal,
      store,
      spec,
      present(files[index], 'a file for each spec'),
      onBytes,
    );
    if (!copied.ok) return copied;
  }
  return ok(null);
}

/** Puts the bytes of a file of this device into the store, those that it lacks. Rejects when the file cannot be read. */
export async function copyInto(
  signal: AbortSignal,
  store: ModelStore,
  spec: FileSpec,
  file: Blob,
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
