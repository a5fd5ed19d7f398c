import { chromium, type BrowserContext, type Page } from '@playwright/test';
import type { Outcome } from '../../src/contracts/errors.ts';
import type { StoredModel } from '../../src/contracts/model-store.ts';
import type { ModelReceipt } from '../../src/contracts/models.ts';
import type {} from '../../src/contracts/ports.ts';
import { ONE_MODEL } from '../../test/fakes/one-model-catalogue.ts';
import { findChromium } from '../browser/find-chromium.ts';
import { launchFlags } from '../browser/launch-flags.ts';

const launched = (): { args: string[]; executablePath?: string } => {
  const executablePath = findChromium()?.path;
  return { args: launchFlags('none'), ...(executablePath === undefined ? {} : { executablePath }) };
};

// The service worker's precache has the real catalogue.
const CONTEXT = { serviceWorkers: 'block' } as const;

/** A browser on a profile of its own. */
export function openProfile(profile: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, { ...launched(), ...CONTEXT });
}

/** A context that is gone when it is closed, as an incognito window; its browser ends with it. */
export async function openEphemeral(): Promise<BrowserContext> {
  const browser = await chromium.launch(launched());
  const context = await browser.newContext(CONTEXT);
  context.on('close', () => void browser.close());
  return context;
}

/** Opens the app. */
export async function openApp(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${url}#/models`);
  await page.waitForFunction(() => window.witan !== undefined);
  return page;
}

/** Fetches the catalogue's one model, or the rest of it. */
export function download(page: Page): Promise<Outcome<ModelReceipt>> {
  return page.evaluate(async (id) => {
    const models = await window.witan?.models();
    if (models === undefined) throw new Error('the app has no ports');
    return models.download(id);
  }, ONE_MODEL.id);
}

/** Reads every kept byte again. */
export function verify(page: Page): Promise<Outcome<StoredModel>> {
  return page.evaluate(async (id) => {
    const models = await window.witan?.models();
    if (models === undefined) throw new Error('the app has no ports');
    return models.verify(id);
  }, ONE_MODEL.id);
}

/** As the store says, without reading a byte; null when it has never heard of the model. */
export function stored(page: Page): Promise<StoredModel | null> {
  return page.evaluate(async (id) => {
    const models = await (await window.witan?.models())?.list();
    if (models?.ok !== true) throw new Error(JSON.stringify(models));
    return models.value.find((model) => model.id === id) ?? null;
  }, ONE_MODEL.id);
}

export function remove(page: Page): Promise<boolean> {
  return page.evaluate(
    async (id) => (await (await window.witan?.models())?.remove(id))?.ok === true,
    ONE_MODEL.id,
  );
}

/**
 * SHA-256 of a kept file as it lies on the disk, past the store; null when it is not there. Lower-case hex.
 * @param fileId its name in the store
 */
export function hashOnDisk(page: Page, fileId: string, sizeBytes: number): Promise<string | null> {
  return page.evaluate(
    async ([name, size]) => {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('blobs');
      const handle = await folder.getFileHandle(name).catch(() => null);
      if (handle === null) return null;
      const file = await handle.getFile();
      const digest = await crypto.subtle.digest('SHA-256', await file.slice(0, size).arrayBuffer());
      return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    },
    [fileId, sizeBytes] as const,
  );
}

/** Changes one bit of a kept file past the store, as a failing disk would. */
export function rot(page: Page, fileId: string, atByte: number): Promise<void> {
  return page.evaluate(
    async ([name, at]) => {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('blobs');
      const handle = await folder.getFileHandle(name);
      const byte = new Uint8Array(await (await handle.getFile()).slice(at, at + 1).arrayBuffer());
      const writable = await handle.createWritable({ keepExistingData: true });
      await writable.write({ type: 'write', position: at, data: new Uint8Array([(byte[0] ?? 0) ^ 1]) });
      await writable.close();
    },
    [fileId, atByte] as const,
  );
}
