import type { Page } from '@playwright/test';
import { prepare, QUESTION } from './support/ports.ts';
import { expect, openApp, test } from './support/fixtures.ts';

/** Sums every layout shift from now on, those after input included: nothing at all may move. */
async function watchShifts(page: Page): Promise<void> {
  await page.evaluate(() => {
    const shifts: number[] = [];
    Object.assign(globalThis, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        shifts.push((entry as PerformanceEntry & { value: number }).value);
    }).observe({ type: 'layout-shift' });
  });
}

/** Two frames after the last change the browser has reported every shift. */
async function shifts(page: Page): Promise<readonly number[]> {
  return page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return (globalThis as unknown as { shifts: number[] }).shifts;
  });
}

for (const [name, viewport] of [
  ['wide', { width: 1440, height: 900 }],
  ['phone', { width: 390, height: 844 }],
] as const) {
  test(`nothing moves while the council answers (${name})`, async ({ page }) => {
    await page.setViewportSize(viewport);
    await openApp(page);
    await prepare(page);
    await page.getByLabel('Your question').fill(QUESTION);
    await watchShifts(page);
    await page.getByLabel('Your question').press('Enter');
    await expect(page.getByRole('region', { name: 'The council’s answer' })).toContainText(/of 3 agree/);
    await expect(page.getByRole('region', { name: 'History' }).getByRole('listitem')).toHaveCount(1);
    expect(await shifts(page)).toEqual([]);
  });

  test(`no page scrolls sideways (${name})`, async ({ page }) => {
    await page.setViewportSize({ ...viewport, width: name === 'phone' ? 320 : viewport.width });
    await openApp(page);
    for (const hash of ['#/', '#/device', '#/monitor', '#/benchmark']) {
      await page.goto(`./${hash}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow, hash).toBeLessThanOrEqual(0);
    }
  });
}
