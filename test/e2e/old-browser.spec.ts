import { expect, test } from './support/fixtures.ts';

for (const [missing, words] of [
  ['WebAssembly', 'WebAssembly'],
  ['structuredClone', 'structuredClone'],
  ['Worker', 'Web Workers'],
] as const) {
  test(`a browser without ${missing} gets a readable page, not a blank one`, async ({ page, pageErrors }) => {
    await page.addInitScript((name) => {
      Reflect.deleteProperty(globalThis, name);
    }, missing);
    await page.goto('./');
    const notice = page.getByRole('alert');
    await expect(notice).toContainText('cannot run in this browser');
    await expect(notice).toContainText(words);
    await expect(notice).toContainText('Use a current Chrome');
    // The app's own script may fail in such a browser; what counts is what the person reads.
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
