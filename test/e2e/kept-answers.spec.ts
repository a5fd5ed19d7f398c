import type { Page } from '@playwright/test';
import {
  ANSWER,
  ask,
  askOutcome,
  historyPrompts,
  members,
  QUESTION,
  waitForOfflineCopy,
} from './support/ports.ts';
import { expect, openApp, test } from './support/fixtures.ts';

const answerOf = (page: Page) => page.getByRole('region', { name: 'The council’s answer' });
const historyOf = (page: Page) => page.getByRole('region', { name: 'History' });
const BEFORE = /Answered before, .*; nobody was asked/;

/** As a visitor asks; resolves when the answer is there and kept. */
async function typeIn(page: Page, kept: number, question = QUESTION): Promise<void> {
  // A question by itself: one that goes on with the answer on screen is another one for members that follow.
  const anew = page.getByRole('button', { name: 'New question' });
  if (await anew.isVisible()) await anew.click();
  await page.getByLabel('Your question').fill(question);
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await expect.poll(async () => (await historyPrompts(page)).length).toBe(kept);
  await expect(answerOf(page).getByText(ANSWER, { exact: true })).toBeVisible();
}

/** Whether the next answer comes from before. */
async function isKnown(page: Page, options: Parameters<typeof ask>[2] = {}): Promise<boolean> {
  return (await ask(page, QUESTION, { fresh: false, ...options })).cached !== undefined;
}

async function stats(page: Page) {
  const read = await page.evaluate(async () => (await window.witan?.responses())?.stats());
  return read?.ok === true ? read.value : null;
}

test('a question asked twice is answered from before, says so, and is in the history twice', async ({
  page,
}) => {
  await openApp(page);
  await typeIn(page, 1);
  await expect(answerOf(page)).not.toContainText(BEFORE);
  await expect.poll(async () => (await stats(page))?.entries).toBe(1);
  await typeIn(page, 2);
  await expect(answerOf(page)).toContainText(BEFORE);
  await expect(page.getByRole('status').filter({ hasText: 'nobody was asked' })).toHaveCount(1);
  expect(await historyPrompts(page)).toEqual([QUESTION, QUESTION]);
  expect(await stats(page)).toMatchObject({ hits: 1, misses: 1, entries: 1 });

  await page.getByRole('button', { name: 'Ask again' }).click();
  await expect.poll(async () => (await historyPrompts(page)).length).toBe(3);
  await expect(answerOf(page)).toContainText('decided after');
  await expect(answerOf(page)).not.toContainText(BEFORE);
});

test('an answer of before outlives a reload, and no model is loaded for it', async ({ page }) => {
  await openApp(page);
  const first = await ask(page);
  expect(first.members.map(({ model }) => model?.id)).toEqual(['alder', 'birch', 'cedar']);
  await page.reload();
  await page.waitForFunction(() => window.witan !== undefined);
  const second = await ask(page, `  ${QUESTION}`, { fresh: false });
  expect(second).toMatchObject({ answer: ANSWER, cached: { roundId: first.id } });
  expect((await members(page)).map(({ state }) => state)).toEqual(['absent', 'absent', 'absent']);
  await historyOf(page).getByRole('link').first().click();
  await expect(answerOf(page)).toContainText(BEFORE);
});

test('what was deleted, or called bad, is asked again', async ({ page }) => {
  await openApp(page);
  await ask(page);
  expect(await isKnown(page)).toBe(true);
  for (let left = 2; left > 0; left -= 1) {
    await historyOf(page)
      .getByRole('button', { name: `Delete “${QUESTION}”` })
      .first()
      .click();
    await historyOf(page).getByRole('button', { name: 'Delete', exact: true }).click();
    await expect(historyOf(page).getByRole('listitem')).toHaveCount(left - 1);
  }
  expect(await stats(page)).toMatchObject({ entries: 0, bytes: 0 });
  expect(await isKnown(page)).toBe(false);
  expect(await isKnown(page)).toBe(true);
  // The record on screen is the answer of before: to call it bad is to call that round bad.
  await page.getByRole('button', { name: 'Bad', exact: true }).click();
  await expect.poll(async () => (await stats(page))?.entries).toBe(0);
  expect(await isKnown(page)).toBe(false);
});

test('other options are another question', async ({ page }) => {
  await openApp(page);
  await ask(page);
  expect(await isKnown(page, { seed: 2 })).toBe(false);
  expect(await isKnown(page, { rule: 'plurality' })).toBe(false);
  expect(await isKnown(page, { members: ['alder', 'birch'] })).toBe(false);
  expect(await isKnown(page)).toBe(true);
  const unknown = await askOutcome(page, QUESTION, { fresh: false, members: ['alder', 'nobody'] });
  expect(unknown).toMatchObject({ error: { code: 'member-unknown' } });
});

test('the settings say what is kept, forget it, and turn it off for every tab', async ({ page, context }) => {
  await openApp(page);
  await ask(page);
  const other = await context.newPage();
  await openApp(other);
  expect(await isKnown(other)).toBe(true); // what one tab was told, the other knows
  await page.goto('./#/settings');
  const kept = page.getByRole('region', { name: 'Kept answers' });
  await expect(kept).toContainText('1 answer is kept');
  await expect(kept).toContainText(/0 of 1\squestion/);
  await kept.getByRole('button', { name: 'Forget all answers' }).click();
  await expect(kept).toContainText('None is kept yet.');
  expect(await isKnown(other)).toBe(false);
  await expect(kept).toContainText('1 answer is kept');
  await kept.getByRole('switch', { name: 'Keep answers' }).click();
  await expect(kept).toContainText('every question is asked');
  for (let n = 0; n < 2; n += 1) expect(await isKnown(other)).toBe(false);
  await page.reload();
  await expect(kept.getByRole('switch', { name: 'Keep answers' })).not.toBeChecked();
  await kept.getByRole('switch', { name: 'Keep answers' }).click();
  await expect(kept).toContainText('None is kept yet.');
  expect(await isKnown(other)).toBe(false);
  expect(await isKnown(other)).toBe(true);
  await other.goto('./#/monitor');
  await expect(other.getByRole('region', { name: 'Kept answers' })).toContainText(/2 of 6\squestions/);
});

test('offline, an answer of before is there', async ({ page, serve }) => {
  const server = await serve();
  await openApp(page, server.url);
  await waitForOfflineCopy(page);
  await server.close();
  await page.reload();
  await page.waitForFunction(() => window.witan !== undefined);
  expect(await isKnown(page)).toBe(false);
  expect(await isKnown(page)).toBe(true);
});

test.describe('without the code of the cache', () => {
  test.use({ serviceWorkers: 'block' });

  test('every question is simply asked, and its record can be deleted later', async ({ page }) => {
    let refused = 0;
    await page.route(/response-composition.*\.js$/, (route) => {
      refused += 1;
      return route.abort();
    });
    await openApp(page);
    for (let n = 0; n < 2; n += 1) expect(await isKnown(page)).toBe(false);
    expect(refused).toBeGreaterThan(0);
    await expect(historyOf(page).getByRole('listitem')).toHaveCount(2);
    expect(await page.evaluate(async () => window.witan?.history.remove('none'))).toMatchObject({
      error: { code: 'storage-unavailable' },
    });
  });
});
