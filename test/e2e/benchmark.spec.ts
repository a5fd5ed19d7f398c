import type { BenchResult } from '../../src/contracts/bench.ts';
import { expect, openApp, test } from './support/fixtures.ts';

/** Longest link that the issue tracker, chats and QR codes take without trouble. */
const MAX_LINK = 2000;

test('a quick benchmark becomes a link that opens as the same result in a fresh profile', async ({
  page,
  browser,
  serve,
}) => {
  const server = await serve();
  await openApp(page, server.url);
  await page.goto(`${server.url}#/benchmark`);
  await page.getByRole('button', { name: 'Run the benchmark' }).click();
  await expect(page.getByRole('region', { name: 'This device' })).toBeVisible({ timeout: 110_000 });
  const measured = await page.evaluate(async () => {
    const latest = await window.witan?.bench.latest();
    if (latest?.ok !== true || latest.value === null) return null;
    const link = await window.witan?.bench.link(latest.value);
    return link?.ok === true ? { result: latest.value, link: link.value } : null;
  });
  if (measured === null) throw new Error('the result was not kept, or has no link');
  expect(measured.link.length).toBeLessThanOrEqual(MAX_LINK);
  expect(measured.link.startsWith(`${server.url}#`), 'everything is in the fragment').toBe(true);

  const elsewhere = await browser.newContext();
  const visitor = await elsewhere.newPage();
  await visitor.goto(measured.link);
  await expect(visitor.getByRole('heading', { level: 1 })).toHaveText('A shared benchmark result');
  await expect(visitor.getByRole('region', { name: 'From the link' })).toBeVisible();
  const opened = await visitor.evaluate((link): Promise<BenchResult | null> => {
    const decoded = window.witan?.bench.open(link);
    return Promise.resolve(decoded).then((outcome) => (outcome?.ok === true ? outcome.value : null));
  }, measured.link);
  expect(opened).toEqual(measured.result);
  await elsewhere.close();

  // Beside one's own: the same link on the device that measured is not distinguishable from it.
  await page.goto(measured.link);
  const comparison = page.getByRole('region', { name: 'This device against the link' });
  await expect(comparison.getByRole('row')).not.toHaveCount(0);
  await expect(comparison).not.toContainText(/▲|▼/);
});

test('a damaged link says so, on the page and as a typed error', async ({ page }) => {
  await openApp(page);
  const link = '#b1.AAAAAAAAAAAAAAAAAAAA';
  const decoded = await page.evaluate((link) => window.witan?.bench.open(link), link);
  expect(decoded).toMatchObject({
    ok: false,
    error: { code: expect.stringMatching(/^link-(checksum-mismatch|invalid)$/) as unknown },
  });
  await page.goto(`./${link}`);
  await expect(page.getByRole('alert')).toContainText('link');
  await page.getByRole('link', { name: 'Go to the benchmark' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Benchmark');
});
