import { expect, openApp, test } from './support/fixtures.ts';
import { pretendGraphicsCard } from './support/pretended-card.ts';

// Whatever is asked of a foreign host fails a test: see `foreign-recorder.ts`.
const MODEL = 'SmolLM2-360M-Instruct-q4f16_1-MLC';

test('without a graphics card a model is not measured, and nothing is fetched', async ({ page, serve }) => {
  const server = await serve();
  await openApp(page, server.url);
  const code = await page.evaluate(async (id) => {
    const capacity = await window.witan?.capacity();
    const measured = await capacity?.measureModel(new AbortController().signal, id, () => undefined);
    return measured?.ok === false ? measured.error.code : measured;
  }, MODEL);
  expect(code).toBe('engine-unavailable');
});

test('a yes is asked for, with the size and the host, and no is an answer', async ({ page, serve }) => {
  const server = await serve();
  await page.addInitScript(pretendGraphicsCard);
  await openApp(page, server.url);
  await page.goto(`${server.url}#/device`);
  await page.getByRole('button', { name: /^Show all/ }).click();
  const row = page
    .getByRole('listitem')
    .filter({ hasText: 'SmolLM2 360M Instruct' })
    .filter({ hasText: 'q4f16_1' });
  const ask = row.getByRole('button', { name: /^Measure without its weights \(about 4.MB\)/ });
  await ask.click();
  await expect(row.getByText(/at most 16.MB.*raw\.githubusercontent\.com/)).toBeVisible();
  await expect(row.getByRole('button', { name: 'Fetch it and measure' })).toBeFocused();
  await row.getByRole('button', { name: 'Not now' }).click();
  await expect(ask).toBeFocused();
  await ask.click();
  // The card is pretended: the engine's worker finds none, before anything is fetched.
  await row.getByRole('button', { name: 'Fetch it and measure' }).click();
  await expect(row.getByRole('alert')).toContainText('cannot run the engine of this model');
  await expect(row.getByRole('button', { name: 'Try again' })).toBeVisible();
});
