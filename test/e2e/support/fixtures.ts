import { join } from 'node:path';
import { expect, test as base, type Page } from '@playwright/test';
import { launchFlags } from '../../../tools/browser/launch-flags.ts';
import type { HeadersFor } from '../../../tools/serve/headers.ts';
import { serveApp, type AppServer, type ServeOptions } from '../../../tools/serve/preview.ts';
import { ForeignRecorder } from './foreign-recorder.ts';

const ROOT = join(import.meta.dirname, '../../..');

interface WorkerFixtures {
  readonly foreign: ForeignRecorder;
  /** Serves the built app with the real headers as long as the worker lives. */
  readonly app: AppServer;
}

interface TestFixtures {
  /** A server of the test's own, to stop or to serve without headers. Ends with the test. */
  readonly serve: (headers?: HeadersFor, besides?: ServeOptions['besides']) => Promise<AppServer>;
  /** Fails the test when the page threw, or logged an error that the test did not expect. */
  readonly pageErrors: string[];
  readonly nothingForeign: undefined;
}

/**
 * Chromium fetches the dictionary of its spelling checker when somebody types. It is the browser's own and has no switch:
 * it is led past the recorder into nothing.
 */
const NO_DICTIONARY = [
  '--proxy-bypass-list=redirector.gvt1.com',
  '--host-resolver-rules=MAP redirector.gvt1.com ~NOTFOUND',
];

export const test = base.extend<TestFixtures, WorkerFixtures>({
  foreign: [
    async ({}, use) => {
      const foreign = await ForeignRecorder.start();
      await use(foreign);
      await foreign.stop();
    },
    { scope: 'worker' },
  ],
  launchOptions: [
    async ({ foreign, launchOptions }, use) => {
      await use({ ...launchOptions, args: [...launchFlags('none'), foreign.flag, ...NO_DICTIONARY] });
    },
    { scope: 'worker' },
  ],
  app: [
    async ({}, use) => {
      const server = await serveApp({ root: ROOT, port: 0 });
      await use(server);
      await server.close();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ app }, use) => {
    await use(app.url);
  },
  serve: async ({}, use) => {
    const servers: AppServer[] = [];
    await use(async (headers, besides) => {
      const server = await serveApp({
        root: ROOT,
        port: 0,
        ...(headers === undefined ? {} : { headers }),
        ...(besides === undefined ? {} : { besides }),
      });
      servers.push(server);
      return server;
    });
    await Promise.all(servers.map((server) => server.close()));
  },
  pageErrors: [
    async ({ context }, use) => {
      const errors: string[] = [];
      context.on('weberror', (error) => errors.push(error.error().message));
      await use(errors);
      expect(errors, 'errors that the page threw').toEqual([]);
    },
    { auto: true },
  ],
  nothingForeign: [
    async ({ foreign }, use) => {
      await use(undefined);
      expect(foreign.seen, 'requests to foreign hosts').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Opens the app and waits for its ports. */
export async function openApp(page: Page, url = './'): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => window.witan !== undefined);
}
