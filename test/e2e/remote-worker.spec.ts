import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import type { Outcome } from '../../src/contracts/errors.ts';
import type { RemoteModel } from '../../src/contracts/remote.ts';
import { ScriptedServer } from '../fakes/scripted-server.ts';
import { expect, openApp, test as base } from './support/fixtures.ts';
import { waitForOfflineCopy } from './support/ports.ts';

const FOLDER = 'egress/remote/';

const test = base.extend<{ readonly server: ScriptedServer }>({
  server: async ({}, use) => {
    const server = await ScriptedServer.start();
    await use(server);
    await server.stop();
  },
});

/** The built script of the worker, relative to the page. */
function script(): string {
  const files = readdirSync(join(import.meta.dirname, '../../dist', FOLDER));
  const name = files.find((file) => file.endsWith('.js'));
  if (name === undefined) throw new Error('the worker was not built');
  return FOLDER + name;
}

/** Starts the built worker as the app does, and asks it for the models of a server in comlink's words. */
function modelsOf(page: Page, baseUrl: string): Promise<Outcome<readonly RemoteModel[] | null>> {
  return page.evaluate(
    ({ url, baseUrl }) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(url, { type: 'module' });
        worker.addEventListener('error', () => {
          reject(new Error('the worker did not start'));
        });
        const heartbeat = new MessageChannel();
        const control = new MessageChannel();
        const hello = {
          type: 'witan.hello',
          heartbeat: heartbeat.port2,
          control: control.port2,
          lifeLock: '',
        };
        worker.postMessage(hello, [heartbeat.port2, control.port2]);
        control.port1.onmessage = ({ data }: MessageEvent<{ value: never }>) => {
          worker.terminate();
          resolve(data.value);
        };
        const endpoint = { id: 'a', label: 'Attic', baseUrl, hasKey: false, server: 'auto' };
        control.port1.postMessage({
          id: '1',
          type: 'APPLY',
          path: ['listModels'],
          argumentList: [endpoint, null].map((value) => ({ type: 'RAW', value })),
        });
      }),
    { url: script(), baseUrl },
  );
}

function pageReaches(page: Page, url: string): Promise<boolean> {
  return page.evaluate(
    (address) =>
      fetch(address).then(
        () => true,
        () => false,
      ),
    url,
  );
}

test('the worker for servers reaches one that the user names; the page does not', async ({
  page,
  server,
}) => {
  await openApp(page);
  expect(await pageReaches(page, `${server.baseUrl}/models`)).toBe(false);
  expect(server.requests).toEqual([]);
  expect(await modelsOf(page, server.baseUrl)).toMatchObject({ ok: true, value: [{ id: 'tiny' }] });
});

test('so it is on a host that sets no headers, from the offline copy', async ({ page, serve, server }) => {
  const plain = await serve(() => ({}));
  await openApp(page, plain.url);
  await waitForOfflineCopy(page);
  await openApp(page, plain.url);
  expect(await pageReaches(page, `${server.baseUrl}/models`)).toBe(false);
  expect(await modelsOf(page, server.baseUrl)).toMatchObject({ ok: true, value: [{ id: 'tiny' }] });
  expect(server.requests).toHaveLength(1);
});
