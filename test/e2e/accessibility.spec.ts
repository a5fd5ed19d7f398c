import { ScriptedServer } from '../fakes/scripted-server.ts';
import { violations } from './support/axe.ts';
import { ask, QUESTION } from './support/ports.ts';
import { SHAPE_1M, SHAPE_30M, syntheticGguf } from '../browser/synthetic-gguf.ts';
import { expect, openApp, test } from './support/fixtures.ts';
import { Hub } from './support/hub.ts';
import { pretendGraphicsCard } from './support/pretended-card.ts';

// The copy for offline use is made anew for every test: other specs try it.
test.use({ serviceWorkers: 'block' });

const PAGES = [
  ['Device', '#/device'],
  ['Models', '#/models'],
  ['Storage health', '#/models/storage'],
  ['Monitor', '#/monitor'],
  ['Benchmark', '#/benchmark'],
  ['Plan', '#/plan'],
  ['How often is your council right?', '#/plan/calibration'],
  ['Settings', '#/settings'],
  ['A shared benchmark result', '#b1.damaged'],
] as const;

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`axe finds nothing, ${colorScheme}`, () => {
    test.use({ colorScheme });

    test('Council, before and after an answer, and a refusal', async ({ page }) => {
      await openApp(page);
      await expect(page.getByRole('article')).toHaveCount(3);
      expect(await violations(page)).toEqual([]);
      await ask(page);
      await expect(page.getByRole('region', { name: 'History' }).getByRole('listitem')).toHaveCount(1);
      expect(await violations(page)).toEqual([]);
      await ask(page, QUESTION, { fresh: false });
      await expect(page.getByText(/nobody was asked/).first()).toBeVisible();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Ask', exact: true }).click();
      await expect(page.getByRole('alert')).toBeVisible();
      expect(await violations(page)).toEqual([]);
    });

    test('Council, in a conversation: versions, search, files', async ({ page }) => {
      await openApp(page);
      const box = page.getByLabel('Your question');
      const history = page.getByRole('region', { name: 'History' });
      for (const question of ['What is 38 + 47?', 'Reverse the word stone']) {
        await box.fill(question);
        await page.getByRole('button', { name: 'Ask', exact: true }).click();
        await expect(history.getByRole('link', { name: 'What is 38 + 47?' })).toBeVisible();
        await expect(page.getByRole('button', { name: 'Ask again' })).toBeEnabled();
      }
      await expect(page.getByRole('region', { name: 'This conversation' })).toBeVisible();
      await page.getByRole('button', { name: 'Ask again' }).click();
      await expect(page.getByText('2 of 2')).toBeVisible();
      await expect(page.getByText('On screen')).toBeVisible();
      await history.getByText('Export and import').click();
      await history.getByRole('searchbox').fill('stone');
      await expect(history).toContainText('found in');
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Edit “What is 38 + 47?”' }).click();
      await expect(page.getByText('You reword a question.')).toBeVisible();
      await page.getByRole('button', { name: 'Export', exact: true }).click();
      await page.getByRole('button', { name: 'Decide again' }).click();
      await expect(page.getByText('The same decision')).toBeVisible();
      expect(await violations(page)).toEqual([]);
    });

    test('What an answer rests on, and how to decide', async ({ page }) => {
      await openApp(page);
      await ask(page);
      await page.getByRole('button', { name: 'What this rests on' }).click();
      await expect(page.getByRole('link', { name: 'Measure it' })).toBeVisible();
      await page.getByText('How to decide').click();
      for (const rule of ['auto', 'plurality', 'borda', 'chairman']) {
        await page.getByLabel('Rule').selectOption(rule);
        expect(await violations(page), rule).toEqual([]);
      }
    });

    test('Settings, with models to choose from and a server', async ({ page }) => {
      await page.addInitScript(pretendGraphicsCard);
      const server = await ScriptedServer.start();
      await openApp(page, './#/settings');
      await expect(page.getByRole('button', { name: /^Download up to/ }).first()).toBeVisible();
      await page.getByLabel('Address of a server').fill(server.origin);
      await page.getByLabel('Key, if it wants one').fill('key');
      await page.getByRole('checkbox', { name: /Keep the key/ }).check();
      await page.getByLabel('Passphrase to encrypt it with').fill('passphrase');
      await page.getByRole('button', { name: 'Test and list its models' }).click();
      await expect(page.getByLabel('Its name on the council')).toBeVisible();
      expect(await violations(page)).toEqual([]);
      await server.stop();
    });

    test('Models, being fetched, refused and here', async ({ page, serve }) => {
      const hub = new Hub(syntheticGguf(SHAPE_30M, { seed: 1 }));
      hub.silentAfterBytes = 10_000_000;
      const { url } = await serve(undefined, hub.handle);
      await openApp(page, `${url}#/models`);
      await page.getByRole('button', { name: /^Download / }).click();
      await expect(page.getByRole('progressbar')).toBeVisible();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Pause Tiny' }).click();
      const file = { name: 'holiday.gguf', mimeType: '', buffer: Buffer.from('GIF89a') };
      await page.locator('input[type=file]').setInputFiles(file);
      await expect(page.getByRole('alert')).toBeVisible();
      expect(await violations(page)).toEqual([]);
      const own = Buffer.from(syntheticGguf(SHAPE_1M, { seed: 1 }));
      await page.locator('input[type=file]').setInputFiles({ name: 'own.gguf', mimeType: '', buffer: own });
      await page.getByRole('button', { name: /^Copy .* into the store$/ }).waitFor();
      await expect(page.getByText(/: needs (about|at least)/).first()).toBeVisible();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Leave it' }).click();
      hub.silentAfterBytes = Infinity;
      await page.getByRole('button', { name: 'Resume Tiny' }).click();
      await expect(page.getByRole('button', { name: 'Add to the council: Tiny' })).toBeVisible();
      await page.getByText('What it is').click();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('link', { name: /How the store is/ }).click();
      await expect(page.getByText('Whole and proved')).toBeVisible();
      expect(await violations(page)).toEqual([]);
    });

    for (const [name, hash] of PAGES) {
      test(name, async ({ page }) => {
        await openApp(page, `./${hash}`);
        await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
        if (name === 'Device') await expect(page.getByRole('main')).toContainText(/tier/i);
        if (name === 'Settings' || name === 'Monitor')
          await expect(page.getByRole('region', { name: 'Kept answers' })).toContainText('None is kept yet.');
        expect(await violations(page)).toEqual([]);
      });
    }
  });
}

test('the whole way from question to answer needs no mouse', async ({ page }) => {
  await openApp(page);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.getByLabel('Your question')).toBeFocused();
  await page.keyboard.type('What is 12 + 30?');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'The council’s answer' })).toContainText(/of 3 agree/);
});
