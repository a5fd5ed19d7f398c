import { expect, onTestFinished, test } from 'vitest';
import { blobSource } from '../../src/storage/gguf/blob-source.ts';
import { inspectGguf } from '../../src/storage/gguf/inspect.ts';
import { ggufFile } from '../fakes/gguf-file.ts';
import { SMALL, vocabularySpec } from '../fakes/gguf-models.ts';
import { starterSource } from './starter-model.ts';

const NEVER = new AbortController().signal;

/** A file of the private file system with these bytes, gone after the test. */
async function privateFile(bytes: Uint8Array<ArrayBuffer>): Promise<FileSystemFileHandle> {
  const root = await navigator.storage.getDirectory();
  const name = `inspected-${crypto.randomUUID()}.gguf`;
  onTestFinished(() => root.removeEntry(name));
  const handle = await root.getFileHandle(name, { create: true });
  await write(handle, bytes);
  return handle;
}

async function write(handle: FileSystemFileHandle, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const writable = await handle.createWritable();
  await writable.write(bytes);
  await writable.close();
}

test('reads a fetched model by slices of its Blob', async () => {
  const { url, sizeBytes } = await starterSource('alder');
  const outcome = await inspectGguf(NEVER, blobSource(await (await fetch(url)).blob()));
  expect(outcome).toMatchObject({
    ok: true,
    value: { summary: { name: 'Witan Alder', parameters: 833_408, expectedSizeBytes: sizeBytes } },
  });
});

test('reads a file of the private file system, over many windows', async () => {
  const file = await (await privateFile(ggufFile(vocabularySpec(30_000)))).getFile();
  const outcome = await inspectGguf(NEVER, blobSource(file));
  expect(outcome).toMatchObject({ ok: true, value: { summary: { shape: { vocabulary: 30_000 } } } });
});

test('a file that was changed after it was picked is a fault of the storage, not of the model', async () => {
  const handle = await privateFile(ggufFile(SMALL));
  const picked = await handle.getFile();
  await write(handle, ggufFile({ ...SMALL, version: 2 }).slice(0, 100));
  expect(await inspectGguf(NEVER, blobSource(picked))).toMatchObject({
    ok: false,
    error: { code: 'storage-failed' },
  });
});
