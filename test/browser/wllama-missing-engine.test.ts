import { afterEach, beforeEach, expect, test } from 'vitest';
import { startHost, type HostInPage } from './synthetic-host.ts';

let started: HostInPage | undefined;

beforeEach(() => {
  // wllama itself stumbles over an abort whose reason is no text: that is what leaves its promises hanging.
  addEventListener('unhandledrejection', ignoreKnown);
});

afterEach(async () => {
  await started?.host.unload();
  removeEventListener('unhandledrejection', ignoreKnown);
});

function ignoreKnown(event: PromiseRejectionEvent): void {
  if (String(event.reason).includes('message.replace is not a function')) event.preventDefault();
}

const blobUrl = (bytes: BlobPart, type: string): string => URL.createObjectURL(new Blob([bytes], { type }));

test.each([
  ['is not there', () => `${location.origin}/nowhere/engine.wasm`],
  ['cannot be reached', () => 'http://localhost:9/engine.wasm'],
  ['is the page of a login', () => blobUrl('<!doctype html>', 'text/html')],
  ['is empty', () => blobUrl('', 'application/wasm')],
  ['is another module', () => blobUrl(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]), 'application/wasm')],
])('an engine file that %s is a typed failure of the load', async (_name, url) => {
  started = await startHost({ engineUrl: url() });
  expect(started.loaded).toMatchObject({ ok: false, error: { code: 'engine-incompatible' } });
});
