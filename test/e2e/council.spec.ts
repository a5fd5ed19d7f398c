import { ANSWER, historyPrompts, QUESTION } from './support/ports.ts';
import { expect, openApp, test } from './support/fixtures.ts';

test('a visitor asks, sees three members answer and how the answer was reached', async ({ page }) => {
  await openApp(page);
  await page.getByLabel('Your question').fill(QUESTION);
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  const answer = page.getByRole('region', { name: 'The council’s answer' });
  await expect(answer.getByText(ANSWER, { exact: true })).toBeVisible();
  await expect(answer).toContainText('plurality');
  const cards = page.getByRole('region', { name: 'Members' }).getByRole('article');
  await expect(cards).toHaveCount(3);
  for (const card of await cards.all())
    await expect(card).toContainText(/Answered|Stopped, vote decided|Answered late|No answer/);
  await expect(page.getByRole('status').filter({ hasText: ANSWER })).toHaveCount(1);
});

test('the history is kept over a reload and opens again', async ({ page }) => {
  await openApp(page);
  await page.getByLabel('Your question').fill(QUESTION);
  await page.keyboard.press('Enter');
  const entry = page.getByRole('region', { name: 'History' }).getByRole('link', { name: QUESTION });
  await expect(entry).toBeVisible();
  await page.reload();
  await entry.click();
  await expect(page.getByRole('region', { name: 'The council’s answer' })).toContainText('From the history');
  await expect(page.getByRole('region', { name: 'The council’s answer' })).toContainText(ANSWER);
  expect(await historyPrompts(page)).toEqual([QUESTION]);
});

test('an answer can be stopped, and the next question is answered', async ({ page }) => {
  await openApp(page);
  const stopped = await page.evaluate(async (prompt) => {
    const { witan } = window;
    if (witan === undefined) return null;
    await witan.council.prepare(new AbortController().signal);
    const stop = witan.council.subscribe((event) => {
      if (event.type === 'round-started') witan.council.stop();
    });
    const asked = await witan.council.ask(new AbortController().signal, prompt);
    stop();
    return asked;
  }, QUESTION);
  expect(stopped).toMatchObject({ ok: true, value: { outcome: 'stopped', answer: null } });
  await page.getByLabel('Your question').fill(QUESTION);
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await expect(page.getByRole('region', { name: 'The council’s answer' })).toContainText(ANSWER);
});

for (const [rule, told] of [
  ['slm-mux', 'most self-consistent member'],
  ['model-switch', 'member after member'],
  ['confidence', 'weighed by confidence'],
  ['borda', 'ranked by members (Borda)'],
] as const) {
  test(`a visitor chooses how the answer is decided: ${rule}`, async ({ page }) => {
    await openApp(page);
    await page.getByText('How to decide').click();
    await page.getByLabel('Rule').selectOption(rule);
    await page.getByLabel('Answers from each member').selectOption('3');
    await page.getByLabel('Your question').fill(QUESTION);
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    const answer = page.getByRole('region', { name: 'The council’s answer' });
    await expect(answer).toContainText(told);
    await expect(answer).toContainText('3 answers from each member.');
    await expect(answer).toContainText(ANSWER);
  });
}
