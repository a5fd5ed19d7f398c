import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { ScriptedServer } from '../fakes/scripted-server.ts';
import { ANSWER, historyPrompts, QUESTION } from './support/ports.ts';
import { expect, openApp, test } from './support/fixtures.ts';

// The copy for offline use is made anew for every test: other specs try it.
test.use({ serviceWorkers: 'block' });

const answerOf = (page: Page): Locator => page.getByRole('region', { name: 'The council’s answer' });
const turnsOf = (page: Page): Locator => page.getByRole('region', { name: 'This conversation' });
const historyOf = (page: Page): Locator => page.getByRole('region', { name: 'History' });

async function askInBox(page: Page, question: string, answer: string): Promise<void> {
  await page.getByLabel('Your question').fill(question);
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await expect(answerOf(page)).toContainText(question);
  await expect(answerOf(page).getByText(answer, { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Ask', exact: true })).toBeVisible();
}

/** Two questions in one conversation, the second on screen. */
async function talk(page: Page): Promise<void> {
  await askInBox(page, QUESTION, ANSWER);
  await askInBox(page, 'Reverse the word stone', 'enots');
  await expect(page).toHaveURL(/#\/conversation\//);
}

test('a follow-up goes on in one conversation, which a reload comes back to', async ({ page }) => {
  await openApp(page);
  await askInBox(page, QUESTION, ANSWER);
  await expect(page.getByText('These members read one question at a time')).toBeVisible();
  await expect(page.getByLabel('Your question')).toHaveValue('');
  await askInBox(page, 'Reverse the word stone', 'enots');
  await expect(turnsOf(page).getByRole('listitem')).toHaveCount(1);
  await expect(turnsOf(page)).toContainText(QUESTION);
  await expect(turnsOf(page)).toContainText('Members were shown nothing said before.');
  await expect(historyOf(page).getByRole('listitem')).toHaveCount(1);
  await expect(historyOf(page)).toContainText('2\u00a0questions');
  await expect(page).toHaveURL(/#\/conversation\//);
  await page.reload();
  await expect(answerOf(page)).toContainText('enots');
  await expect(turnsOf(page)).toContainText(QUESTION);
  await askInBox(page, 'Sort 31, 7, 19', '7, 19, 31');
  await expect(turnsOf(page).getByRole('listitem')).toHaveCount(2);
  await expect(historyOf(page).getByRole('listitem')).toHaveCount(1);
  const record = await page.evaluate(async () => {
    const list = await window.witan?.history.list(1);
    return list?.ok === true ? list.value[0] : undefined;
  });
  expect(record?.members.map(({ history }) => history)).toEqual(
    record?.members.map(() => ({ shown: 0, leftOut: 2 })),
  );
});

test('an earlier question is looked at in its conversation, and left again', async ({ page }) => {
  await openApp(page);
  await talk(page);
  for (const [question, answer] of [
    ['Sort 31, 7, 19', '7, 19, 31'],
    ['What is 40 + 50?', '90'],
    ['Reverse the word tree', 'eert'],
    ['What is 12 + 30?', '42'],
  ] as const)
    await askInBox(page, question, answer);
  await turnsOf(page).getByRole('link', { name: ANSWER }).click();
  await expect(answerOf(page)).toContainText('From the history');
  await expect(turnsOf(page).locator('[aria-current]')).toContainText(QUESTION);
  await expect(turnsOf(page).locator('[aria-current]')).toBeInViewport();
  await expect(page.getByText('Follow-up to the last question.')).toBeVisible();
  await answerOf(page).getByRole('button', { name: 'Good' }).click();
  await expect(answerOf(page).getByRole('button', { name: 'Good' })).toHaveAttribute('aria-pressed', 'true');
  await answerOf(page).getByRole('link', { name: 'Close' }).click();
  await expect(page).toHaveURL(/#\/conversation\//);
  await expect(answerOf(page).getByText('42', { exact: true })).toBeVisible();
});

test('a new question begins anew', async ({ page }) => {
  await openApp(page);
  await talk(page);
  await page.getByRole('button', { name: 'New question' }).click();
  await expect(turnsOf(page)).toHaveCount(0);
  await expect(page).toHaveURL(/#\/$/);
  await expect(page.getByLabel('Your question')).toBeFocused();
  await askInBox(page, 'Sort 31, 7, 19', '7, 19, 31');
  await expect(turnsOf(page)).toHaveCount(0);
  await expect(historyOf(page).getByRole('listitem')).toHaveCount(2);
});

test('an earlier question is reworded, and both versions can be turned to', async ({ page }) => {
  await openApp(page);
  await talk(page);
  await turnsOf(page)
    .getByRole('button', { name: `Edit “${QUESTION}”` })
    .click();
  await expect(page.getByLabel('Your question')).toHaveValue(QUESTION);
  await expect(page.getByText('You reword a question.')).toBeVisible();
  await askInBox(page, 'What is 40 + 50?', '90');
  await expect(turnsOf(page)).toContainText('2 of 2');
  await page.getByRole('button', { name: 'Earlier version' }).click();
  await expect(answerOf(page)).toContainText('enots');
  await expect(turnsOf(page)).toContainText('1 of 2');
  await page.reload();
  await expect(answerOf(page)).toContainText('enots');
  await page.getByRole('button', { name: 'Later version' }).click();
  await expect(answerOf(page).getByText('90', { exact: true })).toBeVisible();
});

test('the same question is tried again: nobody is quoted from before', async ({ page }) => {
  await openApp(page);
  await askInBox(page, QUESTION, ANSWER);
  await answerOf(page).getByRole('button', { name: 'Ask again' }).click();
  await expect(turnsOf(page)).toContainText('2 of 2');
  await expect(turnsOf(page)).toContainText('On screen');
  expect(await historyPrompts(page)).toEqual([QUESTION, QUESTION]);
  const records = await page.evaluate(async () => {
    const list = await window.witan?.history.list(2);
    return list?.ok === true ? list.value : [];
  });
  expect(records.map(({ seed }) => seed)).toEqual([2, 1]);
  expect(records.map(({ cached }) => cached)).toEqual([undefined, undefined]);
});

test('the history is searched, exported, wiped and brought back whole', async ({ page }) => {
  await openApp(page);
  await talk(page);
  await page.getByRole('button', { name: 'New question' }).click();
  await askInBox(page, 'Sort 31, 7, 19', '7, 19, 31');
  const field = historyOf(page).getByRole('searchbox', { name: 'Search the history' });
  await field.fill('ENOTS');
  await expect(historyOf(page)).toContainText('1 found in 3\u00a0answers.');
  await expect(historyOf(page)).toContainText(`Found in the answer · in “${QUESTION}”`);
  await field.fill('nothing of the kind');
  await expect(historyOf(page)).toContainText('Nothing found in 3\u00a0answers.');
  await field.fill('');
  await expect(historyOf(page).getByRole('listitem')).toHaveCount(2);

  await historyOf(page).getByText('Export and import').click();
  const download = page.waitForEvent('download');
  await historyOf(page).getByRole('button', { name: 'Export all' }).click();
  const file = await (await download).path();
  const before = await everything(page);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ schema: 'witan.deliberation-archive' });

  for (const name of ['Delete “Sort 31, 7, 19”', `Delete “${QUESTION}”`]) {
    await historyOf(page).getByRole('button', { name }).click();
    await historyOf(page)
      .getByRole('button', { name: /^Delete( all 2 answers)?$/ })
      .click();
  }
  await expect(historyOf(page)).toContainText('Answers are listed here.');
  expect(await historyPrompts(page)).toEqual([]);

  await historyOf(page).locator('input[type=file]').setInputFiles(file);
  await expect(historyOf(page)).toContainText('4\u00a0records added.');
  expect(await everything(page)).toEqual(before);
  await historyOf(page).locator('input[type=file]').setInputFiles(file);
  await expect(historyOf(page)).toContainText('4\u00a0records here already.');
  await historyOf(page)
    .locator('input[type=file]')
    .setInputFiles({ name: 'other.json', mimeType: 'application/json', buffer: Buffer.from('{"a":1}') });
  await expect(historyOf(page).getByRole('alert')).toContainText(
    'This file holds no deliberations of Witan.',
  );
  expect(await everything(page)).toEqual(before);
});

/** All records and conversations, as they are stored. */
function everything(page: Page): Promise<unknown> {
  return page.evaluate(async () => {
    const records = await window.witan?.history.list(50);
    const conversations = await (await window.witan?.conversations())?.list(50);
    return { records, conversations };
  });
}

test('an open record is decided again, and goes out as a file', async ({ page }) => {
  await openApp(page);
  await askInBox(page, QUESTION, ANSWER);
  await historyOf(page).getByRole('link', { name: QUESTION }).click();
  await expect(answerOf(page)).toContainText('From the history');
  await answerOf(page).getByRole('button', { name: 'Export' }).click();
  const dialog = page.getByRole('dialog', { name: 'Keep or check this answer' });
  await dialog.getByRole('button', { name: 'Decide again' }).click();
  await expect(dialog).toContainText('The same decision');
  const download = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'This answer, Markdown' }).click();
  const text = readFileSync(await (await download).path(), 'utf8');
  expect(text).toContain('**Answer of the council**');
  expect(text).toContain(ANSWER);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect(dialog).toHaveCount(0);
});

test('a member that follows conversations is sent its own words, or the council’s', async ({ page }) => {
  const server = await ScriptedServer.start();
  server.chat({ act: 'answer', tokens: ['90'] });
  try {
    await openApp(page);
    await page.evaluate(async (baseUrl) => {
      const never = new AbortController().signal;
      const settings = window.witan?.settings;
      const remote = await settings?.remote();
      await remote?.saveEndpoint({ id: 'attic', label: 'Attic', baseUrl, hasKey: false, server: 'auto' });
      await remote?.save({ id: 'tiny', name: 'Tiny', model: 'tiny', endpointIds: ['attic'] });
      await settings?.choose(never, [
        { engine: 'remote', id: 'remote-tiny' },
        { engine: 'starter', id: 'alder' },
        { engine: 'starter', id: 'birch' },
      ]);
    }, server.baseUrl);
    const sent = async (question: string, answer: string): Promise<readonly unknown[]> => {
      await page.getByLabel(/Send this question/).check();
      await askInBox(page, question, answer);
      const { messages } = JSON.parse(server.chats.at(-1)?.body ?? '{}') as {
        messages: readonly { role: string; content: string }[];
      };
      return messages.filter(({ role }) => role !== 'system').map(({ content }) => content);
    };
    expect(await sent(QUESTION, ANSWER)).toEqual([QUESTION]);
    await expect(page.getByText('Follow-up. Tiny is shown')).toBeVisible();
    await expect(page.getByText('Alder and Birch read bare questions only.')).toBeVisible();
    await expect(page.getByLabel('Send this question with the conversation so far to Tiny')).toBeVisible();
    expect(await sent('Reverse the word stone', 'enots')).toEqual([QUESTION, '90', 'Reverse the word stone']);
    await expect(turnsOf(page)).toContainText('Shown before it answered: Tiny 1\u00a0earlier question.');
    await page.getByLabel('Tiny is shown').selectOption('council');
    expect(await sent('Sort 31, 7, 19', '7, 19, 31')).toEqual([
      QUESTION,
      ANSWER,
      'Reverse the word stone',
      'enots',
      'Sort 31, 7, 19',
    ]);
    await page.getByLabel('Tiny is shown').selectOption('none');
    await expect(page.getByLabel('Send this question to Tiny')).toBeVisible();
    expect(await sent('What is 40 + 50?', '90')).toEqual(['What is 40 + 50?']);
  } finally {
    await server.stop();
  }
});
