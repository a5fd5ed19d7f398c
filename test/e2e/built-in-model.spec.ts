import type { Page } from '@playwright/test';
import { expect, openApp, test } from './support/fixtures.ts';
import { ANSWER, ask, members } from './support/ports.ts';

declare global {
  interface Window {
    /** Calls of the stand-in below, in order. */
    builtInCalls?: string[];
  }
}

/** Stands in for Chromium's Prompt API, whose model is not to be had here: a session that always answers 85. */
function standInModel(): void {
  const calls: string[] = (window.builtInCalls = []);
  let here = false;
  const session = () => ({
    contextUsage: 0,
    contextWindow: 9216,
    measureContextUsage: () => Promise.resolve(10),
    promptStreaming: () => {
      calls.push('prompt');
      return new ReadableStream<string>({
        start: (controller) => {
          controller.enqueue('8');
          controller.enqueue('5');
          controller.close();
        },
      });
    },
    clone: () => Promise.resolve(session()),
    destroy: () => undefined,
  });
  const model = Object.assign(() => undefined, {
    availability: () => {
      calls.push('availability');
      return Promise.resolve(here ? 'available' : 'downloadable');
    },
    create: () => {
      calls.push('create');
      here = true;
      return Promise.resolve(session());
    },
  });
  Object.defineProperty(window, 'LanguageModel', { configurable: true, value: model });
}

const calls = (page: Page): Promise<readonly string[]> => page.evaluate(() => window.builtInCalls ?? []);

test('the browser’s own model is not touched before it is allowed, and then takes part', async ({ page }) => {
  await page.addInitScript(standInModel);
  await openApp(page, './#/settings');
  const allow = page.getByRole('checkbox', { name: /^Allow it/ });
  await expect(page.getByText('Not allowed yet, and not touched.')).toBeVisible();
  await ask(page);
  expect(await calls(page)).toEqual([]);

  await allow.check();
  await expect(page.getByText('The browser would have to fetch it first.')).toBeVisible();
  expect(await calls(page)).toEqual(['availability']);
  await page.getByRole('button', { name: 'Add it to the council' }).click();
  await expect
    .poll(async () => (await members(page)).find(({ id }) => id === 'browser')?.state)
    .toBe('ready');
  const record = await ask(page);
  expect(record.members.find(({ id }) => id === 'browser')).toMatchObject({
    status: 'answered',
    engine: 'prompt-api',
    backend: 'browser',
    answer: ANSWER,
  });

  // No longer allowed: it leaves the council.
  await allow.uncheck();
  await expect(page.getByRole('button', { name: 'Remove Browser’s own model from the council' })).toHaveCount(
    0,
  );
  const before = (await calls(page)).length;
  expect((await ask(page)).members.map(({ id }) => id)).toEqual(['alder', 'birch', 'cedar']);
  expect(await calls(page)).toHaveLength(before);
});

test('after a reload a download that the browser would have to make waits for another click', async ({
  page,
}) => {
  await page.addInitScript(standInModel);
  await openApp(page, './#/settings');
  await page.getByRole('checkbox', { name: /^Allow it/ }).check();
  await page.getByRole('button', { name: 'Add it to the council' }).click();
  await expect
    .poll(async () => (await members(page)).find(({ id }) => id === 'browser')?.state)
    .toBe('ready');
  await page.goto('./#/');
  await page.reload();
  const record = await ask(page);
  expect(record.answer).toBe(ANSWER);
  expect(record.members.find(({ id }) => id === 'browser')).toMatchObject({ error: 'consent-required' });
  expect(await calls(page)).not.toContain('create');
  await page.getByRole('button', { name: 'Load Browser’s own model' }).click();
  await expect
    .poll(async () => (await members(page)).find(({ id }) => id === 'browser')?.state)
    .toBe('ready');
});
