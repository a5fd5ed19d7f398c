import { expect, test } from 'vitest';
import { startModel, starterSource } from './starter-model.ts';

const NEVER = new AbortController().signal;

/** A URL under which the bytes can be fetched by a worker of this page. */
function urlOf(bytes: Uint8Array<ArrayBuffer>): string {
  return URL.createObjectURL(new Blob([bytes]));
}

async function modelBytes(): Promise<Uint8Array<ArrayBuffer>> {
  const { url } = await starterSource('alder');
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}

async function loadProblem(change: Parameters<typeof startModel>[1]): Promise<unknown> {
  const { engine, options } = await startModel('alder', change);
  const outcome = await engine.load(NEVER, options);
  await engine.unload();
  return outcome.ok ? 'loaded' : { code: outcome.error.code, reason: outcome.error.details['reason'] };
}

test('a truncated file is refused before native code sees it', async () => {
  const bytes = await modelBytes();
  expect(await loadProblem({ url: urlOf(bytes.slice(0, bytes.length / 2)) })).toEqual({
    code: 'model-invalid',
    reason: 'size',
  });
});

test('one flipped bit is refused', async () => {
  const bytes = await modelBytes();
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  expect(await loadProblem({ url: urlOf(bytes) })).toEqual({ code: 'model-invalid', reason: 'sha256' });
});

test('a web page instead of a model is refused', async () => {
  const page = new TextEncoder().encode('<!doctype html><title>Please log in</title>');
  expect(await loadProblem({ url: urlOf(page) })).toEqual({ code: 'model-invalid', reason: 'not-gguf' });
});

test('an empty file is refused', async () => {
  expect(await loadProblem({ url: urlOf(new Uint8Array(0)) })).toEqual({
    code: 'model-invalid',
    reason: 'not-gguf',
  });
});

test('a file whose hash is right but which holds no model is refused: wllama loads such files without a word', async () => {
  const bytes = (await modelBytes()).slice(0, 4096);
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  const sha256 = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const problem = await loadProblem({ url: urlOf(bytes), sizeBytes: bytes.length, sha256 });
  expect(problem).toMatchObject({ code: expect.stringMatching(/^model-(invalid|load-failed)$/) as string });
});

test('a missing file is a fetch failure', async () => {
  const gone = URL.createObjectURL(new Blob(['gone']));
  URL.revokeObjectURL(gone);
  expect(await loadProblem({ url: gone })).toMatchObject({ code: 'model-fetch-failed' });
});
