import { ANSWER, ask, members } from './support/ports.ts';
import { expect, openApp, test } from './support/fixtures.ts';

test('with the real headers the page is isolated at the first visit', async ({ page }) => {
  await openApp(page);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
});

test('on a host without headers one reload makes the page isolated', async ({ page, serve }) => {
  const server = await serve(() => ({}));
  let loads = 0;
  // Nothing is evaluated in the page before: that would count as somebody using it, and then it does not reload.
  const reloaded = page.waitForEvent('load', () => {
    loads += 1;
    return loads === 2;
  });
  await page.goto(server.url);
  await reloaded;
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await page.waitForFunction(() => window.witan !== undefined);
  expect((await ask(page)).answer).toBe(ANSWER);
  expect(loads, 'no second reload').toBe(2);
});

test.describe('without isolation', () => {
  test.use({ serviceWorkers: 'block' });

  test('members run on one thread and the page says so', async ({ page, serve }) => {
    const server = await serve(() => ({}));
    await openApp(page, server.url);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    expect((await ask(page)).answer).toBe(ANSWER);
    expect((await members(page)).map((member) => member.threads)).toEqual([1, 1, 1]);
    await expect(page.getByRole('article').first()).toContainText('1 thread');
    await page.goto(`${server.url}#/device`);
    await expect(page.getByRole('main')).toContainText(/isolat/i);
  });
});
