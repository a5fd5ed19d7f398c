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

test('a browser with scripts switched off is told that they are needed', async ({
  playwright,
  launchOptions,
  app,
}) => {
  // Playwright's own switch leaves <noscript> out; the browser's does what a person's setting does. It also stops the
  // scripts behind Playwright's locators, hence the accessibility tree.
  const args = [...(launchOptions.args ?? []), '--blink-settings=scriptEnabled=false'];
  const browser = await playwright.chromium.launch({ ...launchOptions, args });
  const page = await browser.newPage();
  await page.goto(app.url);
  const { nodes } = await (await page.context().newCDPSession(page)).send('Accessibility.getFullAXTree');
  const text = nodes.map(({ name }) => (typeof name?.value === 'string' ? name.value : '')).join('\n');
  await browser.close();
  expect(text).toContain('it needs JavaScript');
});
