import { ANSWER, ask, historyPrompts, QUESTION } from './support/ports.ts';
import { expect, openApp, test } from './support/fixtures.ts';

// The copy for offline use is made anew for every test: other specs try it.
test.use({ serviceWorkers: 'block' });

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

test('a visitor looks at what an answer rests on, now and from the history', async ({ page }) => {
  await openApp(page);
  await page.getByLabel('Your question').fill(QUESTION);
  await page.keyboard.press('Enter');
  const button = page.getByRole('button', { name: 'What this rests on' });
  await button.click();
  const panel = page.getByRole('region', { name: 'What this rests on' });
  await expect(panel).toContainText('Agreement proves nothing');
  await expect(panel.getByRole('link', { name: 'Measure it' })).toHaveAttribute('href', '#/plan/calibration');
  await button.click();
  await expect(panel).toHaveCount(0);

  // What was measured meanwhile is told with the record of before.
  const measured = await page.evaluate(async () => {
    const options = { questions: 6, split: 'test', seed: 1 } as const;
    const run = await window.witan?.evaluation.run(new AbortController().signal, options, () => undefined);
    return run?.ok === true ? [run.value.unanimous, run.value.divided] : null;
  });
  expect(measured).not.toBeNull();
  await page.getByRole('region', { name: 'History' }).getByRole('link', { name: QUESTION }).click();
  await button.click();
  await expect(panel).toContainText('(as here)');
  const { total = 0, correct = 0 } = measured?.[0] ?? {};
  await expect(panel).toContainText(`right in ${String(correct)} of ${String(total)}\u00a0questions`);
  await expect(panel.getByRole('link', { name: 'Measure it' })).toHaveCount(0);
});

test('weights and a chairman’s instruction go with the question', async ({ page }) => {
  await openApp(page);
  await page.getByText('How to decide').click();
  await page.getByLabel('Rule').selectOption('plurality');
  await page.getByRole('spinbutton', { name: 'Alder' }).fill('2.5');
  await page.getByLabel('Casting vote in a tie').selectOption({ label: 'Cedar' });
  await page.getByLabel('Your question').fill(QUESTION);
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await page.getByRole('button', { name: 'What this rests on' }).click();
  const panel = page.getByRole('region', { name: 'What this rests on' });
  await expect(panel).toContainText('By your weights votes count: Alder 2.5; all others 1.');
  await expect(panel).toContainText('In a tie Cedar has the casting vote.');

  await page.getByLabel('Rule').selectOption('chairman');
  const told = page.getByLabel('What the chairman is told');
  const ours = await told.inputValue();
  await told.fill('Take the shortest. Reply with its letter.');
  // It outlives a look at another page.
  await page.getByRole('link', { name: 'Device' }).click();
  await page.getByRole('link', { name: 'Council' }).click();
  await page.getByText('How to decide').click();
  await expect(told).toHaveValue('Take the shortest. Reply with its letter.');
  await page.getByRole('button', { name: 'Back to ours' }).click();
  await expect(told).toHaveValue(ours);
  const { weights } = await ask(page, 'What is 12 + 30?', { rule: 'borda', weights: { alder: 2 } });
  expect(weights).toBeUndefined();
});
