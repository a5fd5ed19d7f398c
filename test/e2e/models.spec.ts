import type { Page } from '@playwright/test';
import { SHAPE_1M, SHAPE_30M, syntheticGguf } from '../browser/synthetic-gguf.ts';
import { expect, openApp, test } from './support/fixtures.ts';
import { Hub, HUB_MODEL } from './support/hub.ts';
import { rot, storedModels as stored } from './support/store.ts';

/** Nine chunks, the last one shorter. */
const MODEL = syntheticGguf(SHAPE_30M, { seed: 1 });
const CHUNK = 4 * 2 ** 20;
/** Soon loaded and asked. */
const SMALL = syntheticGguf(SHAPE_1M, { seed: 1 });

// Its precache has the real catalogue.
test.use({ serviceWorkers: 'block' });

type Serve = (headers: undefined, besides: Hub['handle']) => Promise<{ readonly url: string }>;

/** @returns address of the Models page */
async function openModels(page: Page, serve: Serve, hub: Hub): Promise<string> {
  const { url } = await serve(undefined, hub.handle);
  await openApp(page, `${url}#/models`);
  return `${url}#/models`;
}

const offer = (page: Page) => page.getByRole('button', { name: /^Download .*: Tiny$/ });

test('a model is fetched with a yes that names its size, proved, and survives a reload', async ({
  page,
  serve,
}) => {
  const hub = new Hub(MODEL);
  await openModels(page, serve, hub);
  await expect(page.getByText('None yet, besides the small models')).toBeVisible();
  expect(hub.asked).toEqual([]);
  await expect(offer(page)).toHaveText(/Download \d+\.\d.MB/);
  await offer(page).click();
  await expect(page.getByText('Complete; compared with its fingerprints whenever it is read')).toBeVisible();
  await expect(offer(page)).toBeHidden();
  expect(hub.sentBytes).toBe(MODEL.length);
  await page.reload();
  await expect(page.getByText('Complete; compared with its fingerprints whenever it is read')).toBeVisible();
  expect(await stored(page)).toMatchObject([
    { id: HUB_MODEL.id, state: 'verified', keptBytes: MODEL.length, sizeBytes: MODEL.length, pinned: false },
  ]);
  expect(hub.sentBytes).toBe(MODEL.length);
});

test('a download whose tab goes away goes on where it stopped', async ({ page, context, serve }) => {
  const hub = new Hub(MODEL);
  hub.silentAfterBytes = 3.5 * CHUNK;
  const address = await openModels(page, serve, hub);
  await offer(page).click();
  await expect.poll(async () => (await stored(page))[0]?.files[0]?.keptChunks).toBe(3);
  await page.close();
  hub.silentAfterBytes = Infinity;
  const next = await context.newPage();
  await openApp(next, address);
  await expect(next.getByText(/Broken off at \d+.%.*goes on from there/)).toBeVisible();
  const sentBefore = hub.sentBytes;
  await next.getByRole('button', { name: 'Resume Tiny' }).click();
  await expect(next.getByText('Complete; compared with its fingerprints whenever it is read')).toBeVisible();
  expect(hub.sentBytes - sentBefore).toBe(MODEL.length - 3 * CHUNK);
  expect(hub.asked).toEqual([0, 3 * CHUNK]);
});

test('a download is paused and resumed by its buttons', async ({ page, serve }) => {
  const hub = new Hub(MODEL);
  hub.silentAfterBytes = 2.5 * CHUNK;
  await openModels(page, serve, hub);
  await offer(page).click();
  await expect.poll(async () => (await stored(page))[0]?.files[0]?.keptChunks).toBe(2);
  await expect(page.getByText(/^Fetching, \d+.%/)).toBeVisible();
  await page.getByRole('button', { name: 'Pause Tiny' }).click();
  await expect(page.getByText(/Broken off at/)).toBeVisible();
  await expect(page.getByRole('alert')).toBeHidden();
  hub.silentAfterBytes = Infinity;
  await page.getByRole('button', { name: 'Resume Tiny' }).click();
  await expect(page.getByText('Complete; compared with its fingerprints whenever it is read')).toBeVisible();
  expect(hub.asked).toEqual([0, 2 * CHUNK]);
});

test('another tab sees how far a download is, pauses it, and goes on with it', async ({
  page,
  context,
  serve,
}) => {
  const hub = new Hub(MODEL);
  hub.silentAfterBytes = 2.5 * CHUNK;
  const address = await openModels(page, serve, hub);
  const other = await context.newPage();
  await openApp(other, address);
  await offer(page).click();
  await expect(other.getByText(/^Fetching, .* · in another tab$/)).toBeVisible();
  await expect.poll(async () => (await stored(other))[0]?.files[0]?.keptChunks).toBe(2);
  await other.getByRole('button', { name: 'Pause Tiny' }).click();
  await expect(other.getByText(/Broken off at/)).toBeVisible();
  await expect(page.getByText(/Broken off at/)).toBeVisible();
  await expect(other.getByRole('alert')).toBeHidden();
  hub.silentAfterBytes = Infinity;
  await other.getByRole('button', { name: 'Resume Tiny' }).click();
  await expect(page.getByText('Complete; compared with its fingerprints whenever it is read')).toBeVisible();
  expect(hub.asked).toEqual([0, 2 * CHUNK]);
});

test('a chunk that arrives with one wrong bit is fetched again, alone', async ({ page, serve }) => {
  const hub = new Hub(MODEL);
  let spoilt = false;
  hub.spoil = (bytes, fromByte) => {
    if (spoilt || fromByte > 5 * CHUNK) return bytes;
    spoilt = true;
    const at = 5 * CHUNK - fromByte + 7;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };
  await openModels(page, serve, hub);
  await offer(page).click();
  await expect(page.getByText('Complete; compared with its fingerprints whenever it is read')).toBeVisible();
  expect(await stored(page)).toMatchObject([{ state: 'verified', keptBytes: MODEL.length }]);
});

test('a byte that changes on the disk is found, and costs one chunk', async ({ page, serve }) => {
  const hub = new Hub(MODEL);
  await openModels(page, serve, hub);
  await offer(page).click();
  await expect(page.getByText('Complete; compared with its fingerprints whenever it is read')).toBeVisible();
  await rot(page, 2 * CHUNK + 12_345);
  await page.getByRole('button', { name: 'Check again: Tiny' }).click();
  await expect(page.getByText('Parts of it no longer match what was written')).toBeVisible();
  const sentBefore = hub.sentBytes;
  await page.getByRole('button', { name: 'Repair Tiny' }).click();
  await expect(page.getByText('Complete; compared with its fingerprints whenever it is read')).toBeVisible();
  expect(hub.sentBytes - sentBefore).toBe(CHUNK);
  expect(hub.asked.at(-1)).toBe(2 * CHUNK);
  await expect(page.getByText(/1.fault, all mended/)).toBeVisible();
});

test('a file of the user’s is looked at, taken in and answers on the council, without any network', async ({
  page,
  serve,
}) => {
  const hub = new Hub(MODEL);
  await openModels(page, serve, hub);
  const picker = page.locator('input[type=file]');
  await picker.setInputFiles({ name: 'own.gguf', mimeType: '', buffer: Buffer.from('GIF89a, not a model') });
  await expect(page.getByRole('alert')).toContainText('own.gguf was not taken in.');
  expect(await stored(page)).toEqual([]);
  await picker.setInputFiles({ name: 'mine.gguf', mimeType: '', buffer: Buffer.from(SMALL) });
  const looked = page.getByRole('group', { name: 'Looked at: mine.gguf' });
  await expect(looked).toContainText('Architecture');
  await expect(looked).toContainText(/(Runs well|Tight): needs at least [\d.]+.MiB/);
  await expect(page.getByRole('alert')).toBeHidden();
  expect(await stored(page)).toEqual([]);
  await looked.getByRole('button', { name: /^Copy .* into the store$/ }).click();
  await expect(page.getByText('Complete; compared with its fingerprints whenever it is read')).toBeVisible();
  expect(hub.asked).toEqual([]);
  await page.evaluate(async () => {
    await window.witan?.settings.choose(new AbortController().signal, [
      { engine: 'wllama', id: 'import-mine' },
    ]);
  });
  // Random weights have much to say: enough when it has begun.
  const record = await page.evaluate(async () => {
    const { council } = window.witan ?? {};
    council?.subscribe((event) => {
      if (event.type === 'member-chunk') council.stop();
    });
    const asked = await council?.ask(new AbortController().signal, 'Say something');
    return asked?.ok === true ? asked.value : null;
  });
  expect(record?.members).toMatchObject([{ id: 'import-mine', engine: 'wllama', backend: 'cpu' }]);
  expect(record?.members[0]?.tokens).toBeGreaterThan(0);
});

test('a model is deleted, and its room comes back', async ({ page, serve }) => {
  const hub = new Hub(MODEL);
  await openModels(page, serve, hub);
  await offer(page).click();
  await expect(page.getByText('Complete; compared with its fingerprints whenever it is read')).toBeVisible();
  await page.getByRole('button', { name: 'Delete Tiny' }).click();
  await expect(offer(page)).toBeVisible();
  expect(await stored(page)).toEqual([]);
  const left = await page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('blobs');
    const names: string[] = [];
    for await (const handle of folder.values()) if (handle.kind === 'file') names.push(handle.name);
    return names;
  });
  expect(left).toEqual([]);
});
