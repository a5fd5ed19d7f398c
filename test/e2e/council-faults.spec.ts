import { ANSWER, ask, askOutcome, historyPrompts, members, prepare, QUESTION } from './support/ports.ts';
import { expect, openApp, test } from './support/fixtures.ts';

test('an empty question is refused with words', async ({ page }) => {
  await openApp(page);
  expect(await askOutcome(page, '   ')).toMatchObject({ ok: false, error: { code: 'prompt-empty' } });
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('Type a question');
});

test('an oversize question is refused, and its text is kept', async ({ page }) => {
  await openApp(page);
  const long = 'What is 38 + 47? '.repeat(400);
  expect(await askOutcome(page, long)).toMatchObject({ ok: false, error: { code: 'prompt-too-long' } });
  await page.getByLabel('Your question').fill(long);
  await page.getByLabel('Your question').press('Enter');
  await expect(page.getByRole('alert')).toContainText('characters');
  await expect(page.getByLabel('Your question')).toHaveValue(long);
});

test('a question outside what the members learned gets an honest no', async ({ page }) => {
  await openApp(page);
  const record = await ask(page, 'Who wrote the novel Middlemarch?');
  expect(record.members).toHaveLength(3);
  expect(record.outcome).toBe('abstained');
  expect(record.answer).toBeNull();
  await expect(page.getByRole('region', { name: 'The council’s answer' })).toContainText(
    'No member has an answer',
  );
});

test('a truncated model file is a typed error of that member; the others answer', async ({ page }) => {
  await page.context().route('**/*.gguf', async (route) => {
    if (!route.request().url().includes('birch')) return route.continue();
    const response = await route.fetch();
    const body = await response.body();
    return route.fulfill({ response, body: body.subarray(0, body.length / 2) });
  });
  await openApp(page);
  const council = await prepare(page);
  const damaged = council.find((member) => member.id === 'birch');
  expect(damaged).toMatchObject({ state: 'failed', problem: { code: 'model-invalid' } });
  const record = await ask(page);
  expect(record.answer).toBe(ANSWER);
  expect(record.missing).toEqual(['birch']);
  expect(record.members.find((member) => member.id === 'birch')).toMatchObject({
    status: 'failed',
    error: 'model-invalid',
  });
  await expect(page.getByRole('article', { name: damaged?.name ?? '' })).toContainText('damaged');
});

/** The ways in which browsers and private windows do without IndexedDB; each runs in the page before the app. */
const WITHOUT_INDEXED_DB: readonly (readonly [what: string, take: () => void])[] = [
  [
    'is missing',
    () => {
      Reflect.deleteProperty(globalThis, 'indexedDB');
    },
  ],
  [
    'may not be touched',
    () => {
      Object.defineProperty(globalThis, 'indexedDB', {
        get: () => {
          throw new DOMException('denied', 'SecurityError');
        },
      });
    },
  ],
  [
    'refuses to open',
    () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('refused', 'InvalidStateError');
      };
    },
  ],
];

for (const [what, take] of WITHOUT_INDEXED_DB) {
  test(`where IndexedDB ${what} everything works, and the page says that nothing is kept`, async ({
    page,
  }) => {
    await page.addInitScript(take);
    await openApp(page);
    expect((await ask(page)).answer).toBe(ANSWER);
    expect(await page.evaluate(() => window.witan?.history.persistent())).toBe(false);
    const history = page.getByRole('region', { name: 'History' });
    await expect(history).toContainText('keeps no data');
    await expect(history).toContainText(QUESTION);
  });
}

test('two tabs ask at the same time; both answer and share one history', async ({ page, context }) => {
  const other = await context.newPage();
  await Promise.all([openApp(page), openApp(other)]);
  const [here, there] = await Promise.all([ask(page, QUESTION), ask(other, 'What is 12 + 30?')]);
  expect([here.answer, there.answer]).toEqual([ANSWER, '42']);
  for (const tab of [page, other]) {
    await expect(tab.getByRole('region', { name: 'History' }).getByRole('listitem')).toHaveCount(2);
    expect([...(await historyPrompts(tab))].sort()).toEqual([QUESTION, 'What is 12 + 30?'].sort());
  }
  expect((await members(page)).map((member) => member.state)).toEqual(['ready', 'ready', 'ready']);
});
