import { expect, type Page } from '@playwright/test';
import type { StoredModel } from '../../../src/contracts/model-store.ts';

/** What is in the model store, through `window.witan`. */
export async function storedModels(page: Page): Promise<readonly StoredModel[]> {
  const models = await page.evaluate(async () => (await window.witan?.models())?.list());
  return models?.ok === true ? models.value : [];
}

/** Copies a model's file into the store, on the Models page. It is `import-NAME` there. */
export async function takeModel(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const files = { name: `${name}.gguf`, mimeType: '', buffer: Buffer.from(bytes) };
  await page.locator('input[type=file]').setInputFiles(files);
  await page.getByRole('button', { name: /^Copy .* into the store$/ }).click();
  await expect(page.getByRole('button', { name: `Check again: ${name}` })).toBeVisible();
}

/** Changes one byte of every kept file behind the store's back, as a failing disk would. */
export async function rot(page: Page, atByte: number): Promise<void> {
  await page.evaluate(async (at) => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('blobs');
    for await (const handle of folder.values()) {
      if (handle.kind !== 'file') continue;
      const file = handle;
      const byte = new Uint8Array(await (await file.getFile()).slice(at, at + 1).arrayBuffer());
      const writable = await file.createWritable({ keepExistingData: true });
      await writable.write({ type: 'write', position: at, data: new Uint8Array([(byte[0] ?? 0) ^ 1]) });
      await writable.close();
    }
  }, atByte);
}
