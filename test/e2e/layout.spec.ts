import type { Page } from '@playwright/test';
import { ask, prepare, QUESTION } from './support/ports.ts';
import { expect, openApp, test } from './support/fixtures.ts';

// The copy for offline use is made anew for every test: other specs try it.
test.use({ serviceWorkers: 'block' });

/** Notes every layout shift from now on. */
async function watchShifts(page: Page): Promise<void> {
  await page.evaluate(() => {
    interface LayoutShift extends PerformanceEntry {
      readonly value: number;
      readonly sources: readonly { readonly node: Node | null }[];
    }
    const shifts: string[] = [];
    Object.assign(globalThis, { shifts });
    new PerformanceObserver((list) => {
      for (const { value, sources } of list.getEntries() as LayoutShift[]) {
        const moved = sources.map(({ node }) =>
          node instanceof Element ? node.outerHTML.slice(0, 80) : '?',
        );
        shifts.push(`${value.toFixed(5)}: ${moved.join(' | ')}`);
      }
    }).observe({ type: 'layout-shift' });
  });
}

/** Two frames after the last change the browser has reported every shift. */
async function shifts(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return (globalThis as unknown as { shifts: string[] }).shifts;
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
    await watchShifts(page);
    // Asked through the ports: the half second in which browsers forgive shifts after a key press would hide most of
    // a round.
    await ask(page, QUESTION);
    await expect(page.getByRole('region', { name: 'The council’s answer' })).toContainText(/of 3 agree/);
    await expect(page.getByRole('region', { name: 'History' }).getByRole('listitem')).toHaveCount(1);
    expect(await shifts(page)).toEqual([]);
  });

  test(`no page scrolls sideways (${name})`, async ({ page }) => {
    await page.setViewportSize({ ...viewport, width: name === 'phone' ? 320 : viewport.width });
    await openApp(page);
    for (const hash of [
      '#/',
      '#/device',
      '#/models',
      '#/monitor',
      '#/benchmark',
      '#/plan',
      '#/plan/calibration',
      '#/settings',
    ]) {
      await page.goto(`./${hash}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeAttached();
      for (const summary of await page.locator('summary').all()) await summary.click();
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow, hash).toBeLessThanOrEqual(0);
    }
  });
}
