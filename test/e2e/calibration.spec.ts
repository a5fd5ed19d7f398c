import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { violations } from './support/axe.ts';
import { expect, openApp, test } from './support/fixtures.ts';
import { ask, members, prepare, QUESTION } from './support/ports.ts';

// The copy for offline use is made anew for every test: other specs try it.
test.use({ serviceWorkers: 'block' });

const HASH = './#/plan/calibration';
const TITLE = 'How often is your council right?';

const result = (page: Page): Locator => page.getByRole('heading', { name: 'What came of it' });
const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click();

/** A run over the first so many bundled questions, by the page. */
async function measure(page: Page, questions: number): Promise<void> {
  await openApp(page, HASH);
  await page.getByRole('combobox', { name: 'Questions', exact: true }).selectOption(String(questions));
  await press(page, 'Start');
  await expect(result(page)).toBeVisible({ timeout: 100_000 });
}

/** The record that the page saves as a file. */
async function saved(page: Page): Promise<string> {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: /^Save as a file/ }).click();
  return readFileSync(await (await download).path(), 'utf8');
}

test('a visitor measures the council from the Plan page, stops, and goes on after a reload', async ({
  page,
}) => {
  await openApp(page, './#/plan');
  await page.getByRole('link', { name: TITLE }).click();
  await expect(page.getByRole('heading', { level: 1, name: TITLE })).toBeVisible();
  await press(page, 'Start');
  const progress = page.getByRole('progressbar', { name: 'Questions answered by all members' });
  await expect.poll(async () => Number(await progress.getAttribute('value'))).toBeGreaterThan(2);
  await press(page, 'Stop');
  await expect(page.getByRole('status').getByText('They are kept: start again')).toBeVisible();
  await page.reload();
  await expect(page.getByText('of these were answered before and are not asked again')).toBeVisible();
  await press(page, 'Go on');
  await expect(result(page)).toBeVisible({ timeout: 100_000 });
  await expect(page.getByText('on these questions is')).toBeVisible();
  await expect(page.getByRole('table', { name: 'Accuracy of each member' }).getByRole('row')).toHaveCount(4);
  await expect(page.getByText('120 bundled questions for choosing', { exact: false })).toHaveCount(1);
  // What was found is there again with the next visit, and nobody is asked for it.
  await page.reload();
  await expect(result(page)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Show the result' })).toBeVisible();
});

test('own questions are read with their lines, asked, and never leave', async ({ page }) => {
  await openApp(page, HASH);
  await page.getByText('Your own', { exact: true }).click();
  const give = (...lines: string[]): Promise<void> =>
    page
      .locator('input[data-for=questions]')
      .setInputFiles({ name: 'mine.jsonl', mimeType: '', buffer: Buffer.from(lines.join('\n')) });
  const good = '{"prompt":"What is 12 + 30?","answer":"42","family":"sums"}';
  await give(good, '{"prompt":"What is 1 + 1?"}');
  await expect(page.getByRole('alert')).toContainText('Line 2 is no question');
  expect(await violations(page)).toEqual([]);
  await give(good, '{"prompt":"What is 7 - 3?","answer":"4","family":"differences"}');
  await expect(page.getByRole('status').getByText('mine.jsonl: 2')).toBeVisible();
  await press(page, 'Start');
  await expect(result(page)).toBeVisible();
  await page.getByText('By kind of task', { exact: true }).click();
  await expect(page.getByRole('rowheader', { name: 'differences' })).toBeVisible();
  await expect(page.getByText('your own questions, one answer each')).toBeVisible();
});

test('members stand in rounds as they were measured, and the record says so', async ({ page }) => {
  await measure(page, 24);
  const measured = await page.evaluate(async () => {
    const latest = await window.witan?.calibration.latest();
    return latest?.ok === true ? latest.value : null;
  });
  const kinds = measured?.members.map(({ accuracy, byKind }) => {
    const { total, correct } = byKind['number'] ?? { total: 0, correct: 0 };
    return (correct + 10 * accuracy) / (total + 10);
  });
  await page.goto('./#/');
  await page.reload();
  await prepare(page);
  await ask(page, QUESTION); // looks for what was measured, and does not wait for it
  const record = await ask(page, QUESTION);
  expect(record.members.map(({ accuracy }) => accuracy)).toEqual(kinds);
});

test('a refused member is named on the council page and can be left out', async ({ page }) => {
  await measure(page, 24);
  const lines = await saved(page);
  // The same answers, save that Cedar is always wrong; a run of its own, and the newest.
  const [head = '', ...ballots] = lines.trim().split('\n');
  const wrong = ballots.map((line) =>
    line.replace(/("memberId":"cedar","index":\d+,"key":)("[^"]*"|null)/g, '$1"nonsense"'),
  );
  const now = await page.evaluate(() => Date.now());
  const later = head
    .replace(/"id":"[0-9a-f]{16}"/, '"id":"00000000000000ff"')
    .replace(/"startedAt":[\d.]+/, `"startedAt":${String(now + 1000)}`);
  await page.locator('input[data-for=record]').setInputFiles({
    name: 'later.jsonl',
    mimeType: '',
    buffer: Buffer.from([later, ...wrong].join('\n')),
  });
  await expect(page.getByRole('status').getByText('later.jsonl: 24')).toBeVisible();
  await page.goto('./#/');
  await page.reload();
  const note = page.getByRole('complementary', { name: 'Measured on this device' });
  await expect(note).toContainText(/Cedar\s+was\s+100.points below the best member in\s+24/);
  expect(await violations(page)).toEqual([]);
  await note.getByRole('button', { name: 'Leave Cedar out' }).click();
  await expect(page.getByRole('article')).toHaveCount(2);
  await expect(note).toHaveCount(0);
  expect((await members(page)).map(({ id }) => id)).toEqual(['alder', 'birch']);

  await page.goto(HASH);
  await expect(page.getByText('They are your council now')).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

test('the recommended council takes the seats and gives them back', async ({ page }) => {
  await openApp(page, './#/settings');
  await page.getByRole('button', { name: 'Remove Cedar from the council' }).click();
  await expect(page.getByRole('button', { name: 'Add Cedar' })).toBeVisible();
  await measure(page, 24);
  await expect(page.getByText('They are your council now')).toBeVisible();
  await page.goto('./#/settings');
  await page.getByRole('button', { name: 'Add Cedar' }).click();
  await page.goto(HASH);
  await press(page, 'Use this council');
  await expect(page.getByText('These members are the council now.')).toBeVisible();
  expect((await members(page)).map(({ id }) => id)).toEqual(['alder', 'birch']);
  await press(page, 'Back to the council before');
  await expect.poll(async () => (await members(page)).length).toBe(3);
});
