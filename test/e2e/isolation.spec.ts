import { ANSWER, ask, members } from './support/ports.ts';
import { expect, openApp, test } from './support/fixtures.ts';

test('with the real headers the page is isolated at the first visit', async ({ page }) => {
  await openApp(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
});

test('on a host without headers one reload makes the page isolated', async ({ page, serve }) => {
  const server = await serve({});
  let loads = 0;
  page.on('load', () => {
    loads += 1;
  });
  await openApp(page, server.url);
  await expect.poll(() => page.evaluate(() => crossOriginIsolated).catch(() => false)).toBe(true);
  expect(loads).toBe(2);
  await page.waitForFunction(() => window.witan !== undefined);
  expect((await ask(page)).answer).toBe(ANSWER);
});

test.describe('without isolation', () => {
  test.use({ serviceWorkers: 'block' });

  test('members run on one thread and the page says so', async ({ page, serve }) => {
    const server = await serve({});
    await openApp(page, server.url);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    expect((await ask(page)).answer).toBe(ANSWER);
    expect((await members(page)).map((member) => member.threads)).toEqual([1, 1, 1]);
    await expect(page.getByRole('article').first()).toContainText('1 thread');
    await page.goto(`${server.url}#/device`);
    await expect(page.getByRole('main')).toContainText(/isolat/i);
  });
});
