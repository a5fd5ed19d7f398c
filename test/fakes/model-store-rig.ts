import type { Outcome, WitanFailure } from '#contracts/errors';
import type { FileSpec, StoredFile, StoredModel } from '#contracts/model-store';
import type { OpenSink } from '../../src/storage/model-store/file-sink.ts';
import { ModelStore, type ModelStorePorts } from '../../src/storage/model-store/model-store.ts';
import type { TrueFile } from './model-files.ts';

/** The value of what must have gone well. */
export function good<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`failed: ${JSON.stringify(outcome.error)}`);
  return outcome.value;
}

/** The failure of what must have failed. */
export function bad(outcome: Outcome<unknown>): WitanFailure {
  if (outcome.ok) throw new Error(`went well: ${JSON.stringify(outcome.value)}`);
  return outcome.error;
}

/** Throws when two plain values differ; for checks in a worker, where there is no test runner. */
export function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`is ${a}, not ${b}`);
}

/** One store over ports that survive it, as the next visit finds them. */
export class ModelStoreRig {
  readonly ports: ModelStorePorts;

  constructor(ports: ModelStorePorts) {
    this.ports = ports;
  }

  async open(): Promise<ModelStore> {
    return good(await ModelStore.open(this.ports));
  }

  /** Flips a bit of what is kept. */
  async rot(fileId: string, atByte: number): Promise<void> {
    const file = await this.ports.bytes.open(fileId, 'write');
    const byte = new Uint8Array(1);
    await file?.read(byte, atByte);
    await file?.write(
      byte.map((value) => value ^ 16),
      atByte,
    );
    await file?.flush();
    await file?.close();
  }

  async cut(fileId: string, toBytes: number): Promise<void> {
    const file = await this.ports.bytes.open(fileId, 'write');
    await file?.truncate(toBytes);
    await file?.flush();
    await file?.close();
  }
}

export async function addModel(store: ModelStore, id: string, files: readonly FileSpec[]): Promise<void> {
  good(await store.addModel({ id, name: id, format: 'gguf', origin: 'catalogue', files }));
}

/** Puts the chunks that are missing, in the order of `order`. */
export async function putMissing(
  sink: OpenSink,
  file: TrueFile,
  order: (missing: readonly number[]) => readonly number[] = (missing) => missing,
): Promise<number> {
  good(await sink.setSize(file.bytes.length));
  const missing = order(sink.missing() ?? []);
  await Promise.all(missing.map(async (index) => good(await sink.put(index, file.chunk(index)))));
  return missing.length;
}

/** Downloads what is missing of a file. */
export async function download(store: ModelStore, file: TrueFile): Promise<Outcome<StoredFile>> {
  const sink = good(await store.sink(file.spec));
  await putMissing(sink, file);
  const finished = await sink.finish();
  await sink.close();
  return finished;
}

/** All bytes of a kept file, in order. */
export async function contents(store: ModelStore, file: TrueFile): Promise<Uint8Array> {
  const reader = good(await store.reader(file.spec.id));
  const bytes = new Uint8Array(file.bytes.length);
  let at = 0;
  for (let index = 0; index < reader.chunks; index += 1) {
    const chunk = good(await reader.read(index));
    bytes.set(chunk, at);
    at += chunk.length;
  }
  await reader.close();
  return bytes;
}

export async function model(store: ModelStore, id: string): Promise<StoredModel> {
  const found = good(await store.list()).find((entry) => entry.id === id);
  if (found === undefined) throw new Error(`no model ${id}`);
  return found;
}

export async function stored(store: ModelStore, file: TrueFile): Promise<StoredFile> {
  const found = good(await store.file(file.spec.id));
  if (found === null) throw new Error(`no file ${file.spec.id}`);
  return found;
}
