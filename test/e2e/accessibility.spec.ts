import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import type { AxeResults } from 'axe-core';
import { ask } from './support/ports.ts';
import { expect, openApp, test } from './support/fixtures.ts';

// Evaluated rather than added as a script: the content policy of the page refuses foreign scripts.
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe objects to, one line each. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id} (${help}): ${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
  );
}

const PAGES = [
  ['Device', '#/device'],
  ['Monitor', '#/monitor'],
  ['Benchmark', '#/benchmark'],
  ['Settings', '#/settings'],
  ['A shared benchmark result', '#b1.damaged'],
] as const;

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`axe finds nothing, ${colorScheme}`, () => {
    test.use({ colorScheme });

    test('Council, before and after an answer, and a refusal', async ({ page }) => {
      await openApp(page);
      await expect(page.getByRole('article')).toHaveCount(3);
      expect(await violations(page)).toEqual([]);
      await ask(page);
      await expect(page.getByRole('region', { name: 'History' }).getByRole('listitem')).toHaveCount(1);
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Ask', exact: true }).click();
      await expect(page.getByRole('alert')).toBeVisible();
      expect(await violations(page)).toEqual([]);
    });

    for (const [name, hash] of PAGES) {
      test(name, async ({ page }) => {
        await openApp(page, `./${hash}`);
        await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
        if (name === 'Device') await expect(page.getByRole('main')).toContainText(/tier/i);
        expect(await violations(page)).toEqual([]);
      });
    }
  });
}

test('the whole way from question to answer needs no mouse', async ({ page }) => {
  await openApp(page);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.getByLabel('Your question')).toBeFocused();
  await page.keyboard.type('What is 12 + 30?');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'The council’s answer' })).toContainText(/of 3 agree/);
});
