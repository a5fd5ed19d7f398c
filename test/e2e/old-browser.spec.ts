import { expect, test } from './support/fixtures.ts';

for (const missing of ['WebAssembly', 'structuredClone', 'Worker']) {
  test(`a browser without ${missing} gets a readable page, not a blank one`, async ({ page, pageErrors }) => {
    await page.addInitScript((name) => {
      Reflect.deleteProperty(globalThis, name);
    }, missing);
    await page.goto('./');
    await expect(page.locator('body')).toContainText(missing);
    await expect(page.locator('body')).toContainText(/current (version of )?Chrome|current Chrome/i);
    pageErrors.length = 0;
  });
}

test('a browser without scripts is told that they are needed', async ({ browser, app }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(app.url);
  await expect(page.locator('body')).toContainText(/JavaScript/);
  await context.close();
});
