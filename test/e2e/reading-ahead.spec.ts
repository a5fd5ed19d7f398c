import type { Page } from '@playwright/test';
import { METRIC_IDS, type MetricId } from '../../src/contracts/metrics.ts';
import { SHAPE_1M, syntheticGguf } from '../browser/synthetic-gguf.ts';
import { expect, openApp, test } from './support/fixtures.ts';

/** Sum of a counter since the page began, as the sampler has it. */
async function counted(page: Page, id: MetricId): Promise<number> {
  const column = METRIC_IDS.indexOf(id);
  return page.evaluate(async (column) => {
    const samples = (await window.witan?.monitor.recent(0)) ?? [];
    return samples.reduce((sum, { values }) => sum + (values[column] ?? 0), 0);
  }, column);
}

test('a general member has read its instruction by the time that it is asked', async ({ page }) => {
  // Time and power to spare, whatever this machine does besides.
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'getBattery', { value: () => Promise.resolve({ charging: true }) });
    Reflect.deleteProperty(window, 'PressureObserver');
  });
  await openApp(page, './#/models');
  const model = Buffer.from(syntheticGguf(SHAPE_1M, { seed: 1 }));
  await page.locator('input[type=file]').setInputFiles({ name: 'mine.gguf', mimeType: '', buffer: model });
  await page.getByRole('button', { name: /^Copy .* into the store$/ }).click();
  await expect(page.getByText('Complete; compared with its fingerprints whenever it is read')).toBeVisible();
  await page.evaluate(async () => {
    const { signal } = new AbortController();
    await window.witan?.settings.choose(signal, [{ engine: 'wllama', id: 'import-mine' }]);
    await window.witan?.council.prepare(signal);
  });
  // It takes turns with whatever else this machine does.
  await expect.poll(() => counted(page, 'prefixTokensAhead'), { timeout: 60_000 }).toBeGreaterThan(50);
  const ahead = await counted(page, 'prefixTokensAhead');
  await page.evaluate(() => window.witan?.council.ask(new AbortController().signal, 'Say something'));
  await expect.poll(() => counted(page, 'prefixTokensReused')).toBeGreaterThanOrEqual(0.9 * ahead);
});
