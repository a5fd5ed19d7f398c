import type { Page } from '@playwright/test';
import * as v from 'valibot';
import { StoreHealthSchema } from '../../src/contracts/store-health.ts';
import { SHAPE_1M, SHAPE_30M, syntheticGguf } from '../browser/synthetic-gguf.ts';
import { expect, openApp, test } from './support/fixtures.ts';
import { Hub } from './support/hub.ts';
import { rot, storedModels, takeModel as take } from './support/store.ts';

/** 17 MB: five chunks, the last one shorter. */
const MODEL = syntheticGguf(SHAPE_30M, { seed: 1 });
const OTHERS = [2, 3].map((seed) => syntheticGguf(SHAPE_30M, { seed }));
const SMALL = syntheticGguf(SHAPE_1M, { seed: 1 });
const CHUNK = 4 * 2 ** 20;
/** Two of the models, and not the 17 and 8 MB that a third one takes with its reserve, nor the step of 32 MiB for it. */
const QUOTA_BYTES = 55_000_000;
const COMPLETE = 'Complete; compared with its fingerprints whenever it is read';

// Its precache has the real catalogue.
test.use({ serviceWorkers: 'block' });

const ids = async (page: Page): Promise<readonly string[]> =>
  (await storedModels(page)).map(({ id }) => id).sort();

async function limit(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: QUOTA_BYTES });
}

test('a model that does not fit is offered the room of the least recently used, and takes it with a yes', async ({
  page,
  serve,
}) => {
  const hub = new Hub(MODEL);
  const { url } = await serve(undefined, hub.handle);
  await openApp(page, `${url}#/models`);
  const [first, second] = OTHERS;
  if (first === undefined || second === undefined) throw new Error('two models');
  await take(page, 'older', first);
  await take(page, 'younger', second);
  await limit(page);
  const download = page.getByRole('button', { name: /^Download .*: Tiny$/ });
  await download.click();
  const offer = page.getByRole('alert');
  await expect(offer).toContainText('No room for Tiny');
  await expect(offer.getByRole('listitem')).toHaveText([/^older\s*frees \d+\.\d.MB, last used/]);
  // No: everything stays, and what was refused can be asked for again.
  await offer.getByRole('button', { name: 'Keep everything' }).click();
  await expect(offer).toBeHidden();
  expect(await ids(page)).toEqual(['import-older', 'import-younger', 'tiny-q8-0']);
  // What is kept by hand is never named.
  await page.getByRole('button', { name: 'Keep on this device: older' }).click();
  await expect(page.getByText('stays when room is needed')).toBeVisible();
  await page.getByRole('button', { name: 'Resume Tiny' }).click();
  await expect(offer.getByRole('listitem')).toHaveText([/^younger/]);
  await page.getByRole('button', { name: 'Keep on this device: older' }).click();
  await expect(page.getByText('stays when room is needed')).toBeHidden();
  // Who sits on the council is not either.
  await page.evaluate(async () => {
    await window.witan?.settings.choose(new AbortController().signal, [
      { engine: 'wllama', id: 'import-older' },
    ]);
  });
  await page.getByRole('button', { name: 'Resume Tiny' }).click();
  await expect(offer.getByRole('listitem')).toHaveText([/^younger/]);
  await offer.getByRole('button', { name: 'Delete it and go on' }).click();
  await expect(page.getByRole('button', { name: 'Check again: Tiny' })).toBeVisible();
  expect(await ids(page)).toEqual(['import-older', 'tiny-q8-0']);
  await expect(page.getByRole('alert')).toBeHidden();
  expect(hub.sentBytes).toBeGreaterThanOrEqual(MODEL.length);
});

test('a model that another tab has loaded goes when that tab lets it go, and not before', async ({
  page,
  context,
  serve,
}) => {
  const { url } = await serve(undefined, new Hub(MODEL).handle);
  await openApp(page, `${url}#/models`);
  await take(page, 'mine', SMALL);
  const seated = await page.evaluate(async () => {
    const { signal } = new AbortController();
    await window.witan?.settings.choose(signal, [{ engine: 'wllama', id: 'import-mine' }]);
    await window.witan?.council.prepare(signal);
    return window.witan?.council.members().map(({ state }) => state);
  });
  expect(seated).toEqual(['ready']);
  const other = await context.newPage();
  await openApp(other, `${url}#/models`);
  await other.getByRole('button', { name: 'Delete mine' }).click();
  await expect(other.getByRole('status').filter({ hasText: 'mine is deleted.' })).toContainText(
    'come free when the council that still uses them',
  );
  expect(await storedModels(other)).toEqual([]);
  const space = other.getByRole('region', { name: 'Space' });
  await expect(space).toContainText('of deleted models come free');
  await page.evaluate(async () => {
    await window.witan?.settings.choose(new AbortController().signal, null);
  });
  await expect(space).not.toContainText('of deleted models come free');
  const left = await other.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('blobs');
    const names: string[] = [];
    for await (const handle of folder.values()) if (handle.kind === 'file') names.push(handle.name);
    return names;
  });
  expect(left).toEqual([]);
});

test('speed and time left of a download outlive its tab', async ({ page, context, serve }) => {
  const hub = new Hub(MODEL);
  hub.pieceMs = 20;
  const { url } = await serve(undefined, hub.handle);
  await openApp(page, `${url}#/models`);
  await page.getByRole('button', { name: /^Download .*: Tiny$/ }).click();
  await expect(page.getByText(/MB\/s · about .* left/)).toBeVisible();
  await expect.poll(async () => (await storedModels(page))[0]?.keptBytes).toBeGreaterThan(0);
  await page.close();
  const next = await context.newPage();
  await openApp(next, `${url}#/models`);
  await expect(
    next.getByText(/Broken off at .*goes on from there, about .* at its last speed, .*MB\/s/),
  ).toBeVisible();
});

test('the health of the store is shown, remembered and exported', async ({ page, serve }) => {
  const hub = new Hub(MODEL);
  const { url } = await serve(undefined, hub.handle);
  await openApp(page, `${url}#/models`);
  await page.getByRole('button', { name: /^Download .*: Tiny$/ }).click();
  await expect(page.getByText(COMPLETE)).toBeVisible();
  await rot(page, 2 * CHUNK + 12_345);
  await page.getByRole('link', { name: /How the store is/ }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Storage health');
  await expect(page.getByRole('main')).toBeFocused();
  const row = page
    .getByRole('region', { name: 'Integrity' })
    .getByRole('listitem')
    .filter({ hasText: 'Tiny' });
  await expect(row).toContainText('Whole and proved');
  await page.getByRole('button', { name: 'Check all again' }).click();
  await expect(row).toContainText(/no longer match what was written; 1.part missing/);
  const troubles = page.getByRole('region', { name: 'What went wrong' });
  await expect(troubles.getByText('Not over yet.').first()).toBeVisible();
  await page.getByRole('link', { name: 'Models', exact: true }).last().click();
  await page.getByRole('button', { name: 'Repair Tiny' }).click();
  await expect(page.getByText(COMPLETE)).toBeVisible();
  await page.goto(`${url}#/models/storage`);
  await page.reload();
  await expect(row).toContainText('Whole and proved');
  await expect(row).toContainText(/1.part repaired so far/);
  await expect(troubles.getByText('Mended: it was written again')).toBeVisible();
  await expect(troubles.getByText('Not over yet.')).toBeHidden();
  await page.getByRole('button', { name: /^Ask for/ }).click();
  await expect(page.getByText(/^(At least|About) [\d.]+.[GM]B/)).toBeVisible();
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as a file (JSON)' }).click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toMatch(/^witan-store-health-\d{4}-\d\d-\d\d\.json$/);
  const stream = await saved.createReadStream();
  const text = (await stream.toArray()).join('');
  const health = v.parse(v.strictObject(StoreHealthSchema.entries), JSON.parse(text));
  expect(health).toMatchObject({
    models: [{ id: 'tiny-q8-0', state: 'verified', repairedChunks: 1, missingChunks: 0 }],
    troubles: [{ doing: 'verify', code: 'model-invalid', healedBy: 'download' }],
    space: { keptBytes: MODEL.length, measured: { askedBytes: 2 ** 30 } },
  });
  expect(health.models[0]?.checkedAtMs).toBeGreaterThan(0);
});
