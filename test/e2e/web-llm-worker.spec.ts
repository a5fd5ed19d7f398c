import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import type { MlcSource } from '../../src/contracts/engine.ts';
import { expect, openApp, test } from './support/fixtures.ts';

// The built worker of web-llm under the real headers: the only script of the app that may reach other hosts by itself.
const HUB = join(import.meta.dirname, '../../dist/egress/hub');

const model = (weightsUrl: string): MlcSource => ({
  format: 'mlc',
  id: 'tiny',
  name: 'Tiny',
  weightsUrl,
  libraryUrl: 'https://raw.githubusercontent.com/witan-test/libraries/main/tiny.wasm',
  sizeBytes: null,
  requiredFeatures: [],
  overrides: {},
});

const LIST = {
  records: [
    {
      dataPath: 'params_shard_0.bin',
      nbytes: 1000,
      records: [{ nbytes: 1000, dtype: 'float32', format: 'raw' }],
    },
  ],
};

/** Starts the worker as the supervisor does, calls one method of its API (in comlink's words) and ends it. */
async function callWorker(page: Page, method: string, ...args: readonly unknown[]): Promise<unknown> {
  const script = readdirSync(HUB).find((name) => /^web-llm\.worker-.*\.js$/.test(name)) ?? 'missing';
  return page.evaluate(
    ({ url, path, values }) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(url, { type: 'module' });
        const heartbeat = new MessageChannel();
        const control = new MessageChannel();
        worker.onerror = () => {
          reject(new Error('the worker did not start'));
        };
        control.port1.onmessage = ({ data }: MessageEvent<{ value: unknown }>) => {
          worker.terminate();
          resolve(data.value);
        };
        worker.postMessage(
          { type: 'witan.hello', heartbeat: heartbeat.port2, control: control.port2, lifeLock: '' },
          [heartbeat.port2, control.port2],
        );
        const argumentList = values.map((value) => ({ type: 'RAW', value }));
        control.port1.postMessage({ id: '1', type: 'APPLY', path: [path], argumentList });
      }),
    { url: new URL(`egress/hub/${script}`, page.url()).href, path: method, values: args },
  );
}

test.use({ serviceWorkers: 'block' });

test('it reads a model’s size from the hub, and keeps the list', async ({ page, context }) => {
  const asked: string[] = [];
  await context.route('https://huggingface.co/**', async (route) => {
    asked.push(new URL(route.request().url()).pathname);
    await route.fulfill({ json: LIST, headers: { 'Access-Control-Allow-Origin': '*' } });
  });
  await openApp(page);
  const tiny = model('https://huggingface.co/witan-test/tiny/resolve/main/');
  const sized = { ok: true, value: { complete: false, keptBytes: 0, totalBytes: 1000 } };
  expect(await callWorker(page, 'keptModel', tiny, 'size')).toEqual(sized);
  expect(await callWorker(page, 'keptModel', tiny, 'kept')).toEqual(sized);
  expect(asked).toEqual(['/witan-test/tiny/resolve/main/tensor-cache.json']);
  expect(await callWorker(page, 'removeModel', tiny, 'all', [])).toEqual({ ok: true, value: null });
  expect(await callWorker(page, 'keptModel', tiny, 'kept')).toMatchObject({ value: { totalBytes: null } });
});

test('the content policy keeps it from every other host', async ({ page }) => {
  await openApp(page);
  const elsewhere = model('https://models.witan.invalid/tiny/');
  expect(await callWorker(page, 'keptModel', elsewhere, 'size')).toMatchObject({
    ok: false,
    error: { code: 'model-fetch-failed' },
  });
});

test('without an adapter it says so before it fetches anything', async ({ page }) => {
  await openApp(page);
  const tiny = model('https://huggingface.co/witan-test/tiny/resolve/main/');
  const options = { model: tiny, threads: 1, contextTokens: 512, slots: 1 };
  expect(await callWorker(page, 'load', options)).toMatchObject({
    ok: false,
    error: { code: 'engine-unavailable' },
  });
});

test('the app itself never starts it unasked', async ({ page }) => {
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  await openApp(page);
  await page.waitForLoadState('networkidle');
  expect(fetched.filter((path) => path.includes('/egress/'))).toEqual([]);
});
