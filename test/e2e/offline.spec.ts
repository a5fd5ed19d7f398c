import { ANSWER, ask, historyPrompts, QUESTION, waitForOfflineCopy } from './support/ports.ts';
import { expect, openApp, test } from './support/fixtures.ts';

test('after one visit the council answers with the server stopped', async ({ page, serve }) => {
  const server = await serve();
  await openApp(page, server.url);
  await waitForOfflineCopy(page);
  await server.close();
  await expect(page.request.get(server.url)).rejects.toThrow(/ECONNREFUSED/);

  await page.reload();
  await page.waitForFunction(() => window.witan !== undefined);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  const record = await ask(page, QUESTION);
  expect(record.answer).toBe(ANSWER);
  expect(record.members).toHaveLength(3);
  expect(await historyPrompts(page)).toEqual([QUESTION]);

  for (const name of ['Device', 'Monitor', 'Benchmark']) {
    await page.getByRole('link', { name, exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  }
});

test('the offline copy holds everything that the app names', async ({ page }) => {
  await openApp(page);
  await waitForOfflineCopy(page);
  const cached = await page.evaluate(async () => {
    const caches_ = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
    const requests = (await Promise.all(caches_.map((cache) => cache.keys()))).flat();
    return requests.map((request) => new URL(request.url).pathname);
  });
  for (const needed of [
    /^\/(index\.html)?$/,
    /\.wasm$/,
    /alder.*\.gguf$/,
    /council\.json$/,
    /inference|wllama.*\.js$/,
  ])
    expect(
      cached.some((path) => needed.test(path)),
      String(needed),
    ).toBe(true);
});
