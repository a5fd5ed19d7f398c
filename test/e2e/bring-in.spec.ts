import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { SHAPE_1M, SHAPE_30M, syntheticGguf } from '../browser/synthetic-gguf.ts';
import { ggufFile, number, TYPE } from '../fakes/gguf-file.ts';
import { SMALL_FIELDS, SMALL_TENSORS } from '../fakes/gguf-models.ts';
import { expect, openApp, test } from './support/fixtures.ts';
import { Hub } from './support/hub.ts';
import { waitForOfflineCopy } from './support/ports.ts';

const OWN = syntheticGguf(SHAPE_1M, { seed: 1 });
const MODEL = syntheticGguf(SHAPE_30M, { seed: 1 });
const CHUNK = 4 * 2 ** 20;

/** What the page asked of the browser's screen, icon and notifications, which it still does. */
interface Asked {
  readonly badge: (number | 'dot' | 'clear')[];
  readonly screen: ('on' | 'off')[];
  readonly notices: { readonly title: string; readonly body: string }[];
}

declare global {
  interface Window {
    asked?: Asked;
  }
}

/** Lets the page say whether it is seen, and notes what it asks for. */
function watchBrowser(): void {
  const asked: Asked = { badge: [], screen: [], notices: [] };
  window.asked = asked;
  const { setAppBadge, clearAppBadge } = Navigator.prototype;
  Navigator.prototype.setAppBadge = function (value?: number) {
    asked.badge.push(value ?? 'dot');
    return setAppBadge.call(this, value);
  };
  Navigator.prototype.clearAppBadge = function () {
    asked.badge.push('clear');
    return clearAppBadge.call(this);
  };
  const { request } = WakeLock.prototype;
  WakeLock.prototype.request = async function (type) {
    const sentinel = await request.call(this, type);
    asked.screen.push('on');
    sentinel.addEventListener('release', () => asked.screen.push('off'));
    return sentinel;
  };
  const Real = Notification;
  window.Notification = class extends Real {
    constructor(title: string, options?: NotificationOptions) {
      super(title, options);
      asked.notices.push({ title, body: options?.body ?? '' });
    }
  };
}

async function asked(page: Page): Promise<Asked> {
  const all = await page.evaluate(() => window.asked);
  if (all === undefined) throw new Error('the page is not watched');
  return all;
}

const CARD = 'Complete; compared with its fingerprints whenever it is read';

test.describe('with the Models page', () => {
  // Its precache has the real catalogue.
  test.use({ serviceWorkers: 'block' });

  test('the screen stays on and the icon shows how far a download is, until its end', async ({
    page,
    serve,
  }) => {
    await page.addInitScript(watchBrowser);
    const hub = new Hub(MODEL);
    hub.silentAfterBytes = 3.5 * CHUNK;
    const { url } = await serve(undefined, hub.handle);
    await openApp(page, `${url}#/models`);
    await page.getByRole('button', { name: /^Download .*: Tiny$/ }).click();
    const percent = Math.floor((100 * 3 * CHUNK) / MODEL.length);
    await expect.poll(async () => (await asked(page)).badge.at(-1)).toBe(percent);
    await expect.poll(async () => (await asked(page)).screen).toEqual(['on']);
    await page.getByRole('button', { name: 'Pause Tiny' }).click();
    await expect.poll(async () => (await asked(page)).badge.at(-1)).toBe('clear');
    await expect.poll(async () => (await asked(page)).screen).toEqual(['on', 'off']);
    // The user ended it, and nobody switched anything on.
    expect((await asked(page)).notices).toEqual([]);
  });

  test('a notification tells of the end to those who asked for it and look elsewhere', async ({
    page,
    context,
    serve,
  }) => {
    await context.grantPermissions(['notifications']);
    await page.addInitScript(watchBrowser);
    const hub = new Hub(MODEL);
    hub.silentAfterBytes = 2.5 * CHUNK;
    const { url } = await serve(undefined, hub.handle);
    await openApp(page, `${url}#/models`);
    const notify = page.getByRole('button', { name: 'Notify me' });
    await expect(notify).toHaveAttribute('aria-pressed', 'false');
    await notify.click();
    await expect(notify).toHaveAttribute('aria-pressed', 'true');
    await page.reload();
    await expect(notify).toHaveAttribute('aria-pressed', 'true');
    await page.getByRole('button', { name: /^Download .*: Tiny$/ }).click();
    await expect(page.getByText(/^Fetching, \d+.%/)).toBeVisible();
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
    });
    hub.silentAfterBytes = Infinity;
    // Its line stays open and silent: the downloader asks anew when it has waited long enough.
    await page.evaluate(async () => {
      const models = await window.witan?.models();
      await models?.pause('tiny-q8-0');
      await models?.download('tiny-q8-0');
    });
    await expect
      .poll(async () => (await asked(page)).notices)
      .toEqual([{ title: 'Tiny is on this device', body: 'It is complete and proved.' }]);
  });

  test('a part that is missing is named, and the set comes in when all are there', async ({
    page,
    serve,
  }) => {
    const part = (index: number): { name: string; mimeType: string; buffer: Buffer } => {
      const place = [
        number('split.no', TYPE.u16, index),
        number('split.count', TYPE.u16, 2),
        number('split.tensors.count', TYPE.i32, SMALL_TENSORS.length),
      ];
      const bytes = ggufFile({
        fields: index === 0 ? [...SMALL_FIELDS, ...place] : place,
        tensors: index === 0 ? SMALL_TENSORS.slice(0, 1) : SMALL_TENSORS.slice(1),
      });
      return {
        name: `mine-0000${String(index + 1)}-of-00002.gguf`,
        mimeType: '',
        buffer: Buffer.from(bytes),
      };
    };
    const { url } = await serve(undefined, new Hub(MODEL).handle);
    await openApp(page, `${url}#/models`);
    const picker = page.locator('input[type=file]');
    await picker.setInputFiles(part(0));
    await expect(page.getByRole('alert')).toContainText('Part 2 of 2, mine-00002-of-00002.gguf, is missing.');
    await picker.setInputFiles([part(1), part(0)]);
    const looked = page.getByRole('group', {
      name: 'Looked at: mine-00001-of-00002.gguf and 1 further part',
    });
    await looked.getByRole('button', { name: /^Copy/ }).click();
    await expect(page.getByText(CARD)).toBeVisible();
    await expect(page.getByRole('alert')).toBeHidden();
  });

  test('what was refused is no longer said once a script has brought a file in', async ({ page, serve }) => {
    const { url } = await serve(undefined, new Hub(MODEL).handle);
    await openApp(page, `${url}#/models`);
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'own.gguf', mimeType: '', buffer: Buffer.from('GIF89a, not a model') });
    await expect(page.getByRole('alert')).toContainText('own.gguf was not taken in.');
    const bytes = [...OWN];
    await page.evaluate(async (numbers) => {
      const models = await window.witan?.models();
      await models?.importFiles([new File([new Uint8Array(numbers)], 'own.gguf')]);
    }, bytes);
    await expect(page.getByText(CARD)).toBeVisible();
    await expect(page.getByRole('alert')).toBeHidden();
  });
});

test.describe('installed', () => {
  let folder: string;
  let context: BrowserContext;

  test.beforeEach(async ({ launchOptions }) => {
    folder = await mkdtemp(join(tmpdir(), 'witan-installed-'));
    await writeFile(join(folder, 'own.gguf'), OWN);
    await writeFile(join(folder, 'holiday.gguf'), 'GIF89a, not a model');
    // Apps are installed in profiles only.
    context = await chromium.launchPersistentContext(join(folder, 'profile'), launchOptions);
  });

  test.afterEach(async () => {
    await context.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** As the system does when the user opens files with the app. */
  async function openWithApp(page: Page, manifestId: string, ...names: readonly string[]): Promise<void> {
    const cdp = await context.newCDPSession(page);
    // Newer than the types of the protocol.
    const send = cdp.send.bind(cdp) as (method: string, params: object) => Promise<unknown>;
    await send('PWA.install', { manifestId });
    await send('PWA.launchFilesInApp', { manifestId, files: names.map((name) => join(folder, name)) });
  }

  test('the app opens GGUF files: they are looked at as if they had been dropped', async ({ app }) => {
    const page = await context.newPage();
    await openApp(page, app.url);
    await waitForOfflineCopy(page);
    const hash = (): string => new URL(page.url()).hash;
    expect(hash()).toBe('');
    await openWithApp(page, new URL('./', app.url).href, 'holiday.gguf', 'own.gguf');
    const shown = await expect
      .poll(async () => {
        const found = context.pages().filter((each) => each.url().endsWith('#/models'));
        return found.length;
      })
      .toBe(1)
      .then(() => context.pages().find((each) => each.url().endsWith('#/models')));
    if (shown === undefined) throw new Error('no Models page');
    await expect(shown.getByRole('alert')).toContainText('holiday.gguf was not taken in.');
    const looked = shown.getByRole('group', { name: 'Looked at: own.gguf' });
    await looked.getByRole('button', { name: /^Copy/ }).click();
    await expect(shown.getByText(CARD)).toBeVisible();
  });
});
