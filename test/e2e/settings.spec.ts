import type { Page } from '@playwright/test';
import { ScriptedServer } from '../fakes/scripted-server.ts';
import { expect, openApp, test } from './support/fixtures.ts';
import { ANSWER, ask, members, QUESTION } from './support/ports.ts';

// The copy for offline use is made anew for every test: other specs try it.
test.use({ serviceWorkers: 'block' });

const KEY = 'sk-witan-e2e-secret';

const chats = (server: ScriptedServer) => server.requests.filter(({ method }) => method === 'POST');

/** Gives the server a seat on the council, as a person would. */
async function addServer(page: Page, server: ScriptedServer, key = ''): Promise<void> {
  await openApp(page, './#/settings');
  await page.getByLabel('Address of a server').fill(server.origin);
  if (key !== '') await page.getByLabel('Key, if it wants one').fill(key);
  await page.getByRole('button', { name: 'Test and list its models' }).click();
  await page.getByLabel('Its name on the council').fill('Far');
  await page.getByRole('button', { name: 'Add to the council' }).click();
  await expect(page.getByRole('button', { name: 'Remove Far from the council' })).toBeVisible();
}

async function askOnPage(page: Page, sendAway: boolean): Promise<void> {
  const anew = page.getByRole('button', { name: 'New question' });
  if (await anew.isVisible()) await anew.click();
  await page.getByRole('link', { name: 'Council', exact: true }).click();
  await page.getByLabel('Your question').fill(QUESTION);
  const away = page.getByRole('checkbox', { name: /Send this question to Far/ });
  await expect(away).not.toBeChecked(); // asked again at every question
  if (sendAway) await away.check();
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
}

/** Everything that the page keeps, as text. */
function everythingKept(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const kept: unknown[] = [{ ...localStorage }, { ...sessionStorage }, location.href];
    for (const { name } of await indexedDB.databases()) {
      if (name === undefined) continue;
      const opened = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => {
          resolve(opening.result);
        };
        opening.onerror = () => {
          reject(new Error(`cannot open ${name}`));
        };
      });
      for (const store of opened.objectStoreNames) {
        const all = opened.transaction(store).objectStore(store).getAll();
        kept.push(
          await new Promise((resolve) => {
            all.onsuccess = () => {
              resolve(all.result);
            };
          }),
        );
      }
      opened.close();
    }
    return JSON.stringify(kept);
  });
}

test.describe('a model on a server', () => {
  let server: ScriptedServer;

  test.beforeEach(async () => {
    server = await ScriptedServer.start();
    server.chat({ act: 'answer', tokens: ['8', '5'] });
  });

  test.afterEach(() => server.stop());

  test('joins the council, is asked only with a yes to the question, and stays after a reload', async ({
    page,
  }) => {
    await addServer(page, server);
    const before = server.requests.length;
    await askOnPage(page, false);
    await expect(page.getByRole('region', { name: 'History' }).getByRole('listitem')).toHaveCount(1);
    // Not even to see whether it is there: that would show it the key, and an address at which somebody types.
    expect(server.requests.length).toBe(before);

    await askOnPage(page, true);
    await expect(page.getByRole('region', { name: 'History' }).getByRole('listitem')).toHaveCount(2);
    expect(chats(server)).toHaveLength(1);
    const far = page.getByRole('article', { name: 'Far' });
    await expect(far).toContainText('Answered, agrees');
    await expect(far).toContainText('Remote');
    await expect(far).not.toContainText('0 parameters');

    await page.reload();
    await expect(page.getByRole('article')).toHaveCount(4);
    const record = await ask(page, QUESTION, { allowRemote: true });
    expect(record.members.find(({ name }) => name === 'Far')).toMatchObject({
      status: 'answered',
      backend: 'remote',
      engine: 'remote',
      answer: ANSWER,
    });
  });

  test('gets its key in the header alone: nothing that is kept holds it', async ({ page }) => {
    await addServer(page, server, KEY);
    await expect(page.getByText('key in memory, gone when this tab closes')).toBeVisible();
    await ask(page, QUESTION, { allowRemote: true });
    expect(chats(server).at(-1)?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(server.requests.every(({ path, body }) => !`${path}${body}`.includes(KEY))).toBe(true);
    expect(await everythingKept(page)).not.toContain(KEY);
    await expect(page.getByLabel('Key, if it wants one')).toHaveValue('');
    await page.reload();
    await expect(page.getByText('no key')).toBeVisible();
  });

  test('is kept, encrypted, when the user wants that, and opens with its passphrase', async ({ page }) => {
    await openApp(page, './#/settings');
    await page.getByLabel('Address of a server').fill(server.origin);
    await page.getByLabel('Key, if it wants one').fill(KEY);
    await page.getByRole('checkbox', { name: /Keep the key on this device/ }).check();
    await page.getByLabel('Passphrase to encrypt it with').fill('correct horse');
    await page.getByRole('button', { name: 'Test and list its models' }).click();
    await expect(page.getByText('key kept on this device, encrypted')).toBeVisible();
    expect(await everythingKept(page)).not.toContain(KEY);
    await page.reload();
    await expect(page.getByText('key kept, locked')).toBeVisible();
    await page.getByLabel('Passphrase of the kept keys').fill('wrong');
    await page.getByRole('button', { name: 'Unlock' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await page.getByLabel('Passphrase of the kept keys').fill('correct horse');
    await page.getByRole('button', { name: 'Unlock' }).click();
    await expect(page.getByText('key kept on this device, encrypted')).toBeVisible();
    await page.getByRole('button', { name: /^Test 127/ }).click();
    await expect(page.getByText(/answers, after/)).toBeVisible();
    expect(server.requests.at(-1)?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  test('that is gone costs its own vote only', async ({ page }) => {
    await addServer(page, server);
    await server.stop();
    const record = await ask(page, QUESTION, { allowRemote: true });
    expect(record.answer).toBe(ANSWER);
    expect(record.members.find(({ name }) => name === 'Far')).toMatchObject({
      status: 'failed',
      error: 'remote-unreachable',
    });
    expect(record.members.filter(({ status }) => status === 'answered')).toHaveLength(3);
  });

  test('cannot be reached by the page itself, only by its worker', async ({ page }) => {
    await addServer(page, server);
    const before = server.requests.length;
    const refused = await page.evaluate(
      (url) =>
        fetch(url).then(
          () => false,
          () => true,
        ),
      `${server.origin}/v1/models`,
    );
    expect(refused).toBe(true);
    expect(server.requests).toHaveLength(before);
  });
});

test('seats are taken and given back, also while a round runs, and the last to leave brings the council back', async ({
  page,
}) => {
  await openApp(page, './#/settings');
  await page.getByRole('button', { name: 'Remove Birch from the council' }).click();
  await expect(page.getByRole('button', { name: 'Add Birch' })).toBeVisible();
  const record = await ask(page);
  expect(record.members.map(({ id }) => id)).toEqual(['alder', 'cedar']);
  const [asked] = await Promise.all([ask(page), page.getByRole('button', { name: 'Add Birch' }).click()]);
  expect(asked.members.every(({ status }) => status !== 'lost')).toBe(true);
  await expect(page.getByRole('button', { name: 'Remove Birch from the council' })).toBeVisible();
  for (const name of ['Alder', 'Cedar', 'Birch'])
    await page.getByRole('button', { name: `Remove ${name} from the council` }).click();
  await expect(page.getByRole('button', { name: /^Remove .* from the council$/ })).toHaveCount(3);
});

test('a model that this device cannot run is a member that failed, not a council that did', async ({
  page,
}) => {
  await openApp(page);
  await page.evaluate(async () => {
    const choices = [
      { engine: 'web-llm' as const, id: 'SmolLM2-360M-Instruct-q4f16_1-MLC' },
      { engine: 'starter' as const, id: 'alder' },
    ];
    await window.witan?.settings.choose(new AbortController().signal, choices);
  });
  const record = await ask(page);
  expect(record.answer).toBe(ANSWER);
  expect(record.members.find(({ engine }) => engine === 'web-llm')).toMatchObject({
    status: 'failed',
    error: 'engine-unavailable',
  });
  expect((await members(page)).map(({ state }) => state)).toEqual(['failed', 'ready']);
});
