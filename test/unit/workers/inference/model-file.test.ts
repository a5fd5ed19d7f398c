import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { GgufSource, LoadProgress, StoredSource } from '#contracts/engine';
import { fetchModelFile, modelFiles } from '../../../../workers/inference/model-file.ts';

const FILE = new TextEncoder().encode('GGUF and then the tensors');

const MODEL: GgufSource = {
  format: 'gguf',
  id: 'alder',
  name: 'Alder',
  url: 'https://page/alder.gguf',
  sizeBytes: FILE.byteLength,
  sha256: createHash('sha256').update(FILE).digest('hex'),
};

function serve(body: Uint8Array<ArrayBuffer>, status = 200): void {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status })));
}

afterEach(() => {
  vi.unstubAllGlobals();
});

it('brings a whole file', async () => {
  serve(FILE);
  const file = await fetchModelFile(MODEL);
  expect(file.ok && new Uint8Array(await file.value.arrayBuffer())).toEqual(FILE);
});

it.each([
  ['size', FILE.slice(0, 10)],
  ['size', new Uint8Array([...FILE, 0])],
  ['not-gguf', new Uint8Array(0)],
  ['not-gguf', FILE.slice(0, 3)],
  ['not-gguf', new TextEncoder().encode('<!doctype html>')],
  ['sha256', FILE.map((byte, index) => (index === 20 ? byte ^ 1 : byte))],
])('refuses a damaged one: %s', async (reason, body) => {
  serve(body);
  const file = await fetchModelFile(MODEL);
  expect(file).toMatchObject({
    ok: false,
    error: {
      code: 'model-invalid',
      details: { model: 'Alder', reason, expectedBytes: 25, bytes: body.byteLength },
    },
  });
});

it('says that it could not be fetched', async () => {
  serve(FILE, 404);
  expect(await fetchModelFile(MODEL)).toMatchObject({
    error: { code: 'model-fetch-failed', details: { model: 'Alder', status: 404 } },
  });
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  expect(await fetchModelFile(MODEL)).toMatchObject({
    error: { code: 'model-fetch-failed', cause: 'TypeError: Failed to fetch' },
  });
});

it('says so when the connection breaks in the middle', async () => {
  const broken = new ReadableStream<Uint8Array>({
    start: (stream) => {
      stream.enqueue(FILE.slice(0, 5));
      stream.error(new TypeError('network error'));
    },
  });
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(broken)));
  expect(await fetchModelFile(MODEL)).toMatchObject({ error: { code: 'model-fetch-failed' } });
});

it('says so when there is no memory to check the file in', async () => {
  serve(FILE);
  vi.spyOn(crypto.subtle, 'digest').mockRejectedValueOnce(new RangeError('Array buffer allocation failed'));
  expect(await fetchModelFile(MODEL)).toMatchObject({
    error: { code: 'out-of-memory', cause: 'RangeError: Array buffer allocation failed' },
  });
});

it('says how far it is, piece by piece', async () => {
  const pieces = [FILE.slice(0, 5), FILE.slice(5, 20), FILE.slice(20)];
  const body = new ReadableStream<Uint8Array>({
    pull: (out) => {
      const piece = pieces.shift();
      if (piece === undefined) out.close();
      else out.enqueue(piece);
    },
  });
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body)));
  const heard: LoadProgress[] = [];
  const file = await fetchModelFile(MODEL, (progress) => heard.push(progress));
  expect(file.ok && new Uint8Array(await file.value.arrayBuffer())).toEqual(FILE);
  expect(heard).toEqual([
    { phase: 'fetch', fraction: 0.2, bytes: 5 },
    { phase: 'fetch', fraction: 0.8, bytes: 20 },
    { phase: 'fetch', fraction: 1, bytes: 25 },
  ]);
});

it('puts a file together that is larger than what is gathered at a time', async () => {
  const large = new Uint8Array(20 * 2 ** 20).map((_, index) => index % 251);
  large.set(FILE.slice(0, 4));
  serve(large);
  const sha256 = createHash('sha256').update(large).digest('hex');
  const file = await fetchModelFile({ ...MODEL, sizeBytes: large.byteLength, sha256 });
  expect(file.ok && file.value.size).toBe(large.byteLength);
});

it('is a fetch failure when the line breaks in the middle', async () => {
  const body = new ReadableStream<Uint8Array>({
    pull: (out) => {
      out.enqueue(FILE.slice(0, 5));
      out.error(new TypeError('network error'));
    },
  });
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body)));
  expect(await fetchModelFile(MODEL)).toMatchObject({
    error: { code: 'model-fetch-failed', cause: 'TypeError: network error' },
  });
});

describe('the files of a model', () => {
  const stored: StoredSource = { format: 'stored', id: 'alder', name: 'Alder', sizeBytes: 8 };

  it('are those of the store, in their order and untouched, and nothing is fetched', async () => {
    const fetched = vi.fn();
    vi.stubGlobal('fetch', fetched);
    const files = [new Blob(['GGUF']), new Blob(['rest'])];
    const given = await modelFiles({ ...stored, files });
    expect(given.ok && given.value).toBe(files);
    expect(fetched).not.toHaveBeenCalled();
  });

  it.each([stored, { ...stored, files: [] }])(
    'are missing when nobody asked the store for them',
    async (model) => {
      expect(await modelFiles(model)).toEqual({
        ok: false,
        error: { code: 'model-invalid', details: { model: 'Alder', reason: 'no-files' } },
      });
    },
  );

  it('are fetched and proved where they are not of the store', async () => {
    serve(FILE);
    const onProgress = vi.fn();
    const files = await modelFiles(MODEL, onProgress);
    expect(files.ok && (await Promise.all(files.value.map((file) => file.text())))).toEqual([
      new TextDecoder().decode(FILE),
    ]);
    expect(onProgress).toHaveBeenLastCalledWith({ phase: 'fetch', fraction: 1, bytes: 25 });
    serve(FILE.slice(0, 10));
    expect(await modelFiles(MODEL)).toMatchObject({
      error: { code: 'model-invalid', details: { reason: 'size' } },
    });
  });
});
