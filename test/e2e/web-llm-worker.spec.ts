import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from '@playwright/test';
import type { MlcSource } from '../../src/contracts/engine.ts';
import { expect, openApp, test } from './support/fixtures.ts';

// The built workers under the real headers: web-llm's reaches nobody, and what it needs the worker of the model store fetches.
const DIST = join(import.meta.dirname, '../../dist');
const WEB_LLM = ['assets', /^web-llm\.worker-.*\.js$/] as const;
const STORE = ['egress/hub', /^model-store\.worker-.*\.js$/] as const;
const HUB = 'https://huggingface.co/witan-test/tiny/resolve/main/';
const LIBRARY = 'https://raw.githubusercontent.com/witan-test/libraries/main/tiny.wasm';

const model = (weightsUrl: string): MlcSource => ({
  format: 'mlc',
  id: 'tiny',
  name: 'Tiny',
  weightsUrl,
  libraryUrl: LIBRARY,
  sizeBytes: null,
  requiredFeatures: [],
  overrides: {},
});

const FILES: Readonly<Record<string, string>> = {
  [`${HUB}mlc-chat-config.json`]: '{"tokenizer_files":["tokenizer.json"]}',
  [`${HUB}tensor-cache.json`]: JSON.stringify({
    records: [
      {
        dataPath: 'params_shard_0.bin',
        nbytes: 7,
        md5sum: '63f4f1e9b725370f459720575cd5f953',
        records: [{ nbytes: 7, dtype: 'float32', format: 'raw' }],
      },
    ],
  }),
  [`${HUB}tokenizer.json`]: '{}',
  [`${HUB}params_shard_0.bin`]: 'weights',
  [LIBRARY]: 'library',
};

/** The hub and the host of the libraries. @returns addresses that were asked for */
async function serveHub(context: BrowserContext): Promise<readonly string[]> {
  const asked: string[] = [];
  await context.route(/^https:/, async (route) => {
    const url = route.request().url();
    asked.push(url);
    const body = FILES[url];
    const range = /^bytes=(\d+)-(\d+)$/.exec(route.request().headers()['range'] ?? '');
    if (body === undefined || range === null) {
      await route.fulfill({ status: 404, headers: { 'Access-Control-Allow-Origin': '*' } });
      return;
    }
    const from = Number(range[1]);
    const part = body.slice(from, Number(range[2]) + 1);
    await route.fulfill({
      status: 206,
      body: part,
      headers: {
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Expose-Headers': 'Content-Range',
        'Content-Type': 'application/octet-stream',
        'Content-Range': `bytes ${String(from)}-${String(from + part.length - 1)}/${String(body.length)}`,
      },
    });
  });
  return asked;
}

/** Starts a worker as the supervisor does, calls one method of its API (in comlink's words) and ends it. */
async function callWorker(
  page: Page,
  [folder, pattern]: readonly [string, RegExp],
  method: string,
  ...args: readonly unknown[]
): Promise<unknown> {
  const script = readdirSync(join(DIST, folder)).find((name) => pattern.test(name)) ?? 'missing';
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
    { url: new URL(`${folder}/${script}`, page.url()).href, path: method, values: args },
  );
}

test.use({ serviceWorkers: 'block' });

test('the model store fetches a model for web-llm from the hub, once, and gives it up again', async ({
  page,
  context,
}) => {
  const asked = await serveHub(context);
  await openApp(page);
  const tiny = model(HUB);
  const store = (method: string, ...args: readonly unknown[]) => callWorker(page, STORE, method, ...args);
  expect(await store('mlcListing', tiny, false)).toMatchObject({ error: { code: 'consent-required' } });
  expect(asked).toEqual([]);
  expect(await store('mlcListing', tiny, true)).toMatchObject({
    value: { complete: false, keptBytes: 0, totalBytes: 7 },
  });
  expect(await store('bringMlc', tiny, { mayFetch: true })).toMatchObject({
    value: { model: { id: 'tiny', format: 'mlc', state: 'verified' } },
  });
  expect([...asked].sort()).toEqual(Object.keys(FILES).sort());
  expect(await store('mlcListing', tiny, false)).toMatchObject({ value: { complete: true } });
  expect(await store('remove', 'tiny')).toMatchObject({ ok: true, value: { heldBytes: 0 } });
  expect(await store('list')).toEqual({ ok: true, value: [] });
});

test('the content policy keeps the model store from every other host', async ({ page }) => {
  await openApp(page);
  const elsewhere = model('https://models.witan.invalid/tiny/');
  expect(await callWorker(page, STORE, 'mlcListing', elsewhere, true)).toMatchObject({
    ok: false,
    error: { code: 'model-fetch-failed' },
  });
});

test('web-llm’s own worker may reach nobody', async ({ page }) => {
  await openApp(page);
  const [folder, pattern] = WEB_LLM;
  expect(readdirSync(join(DIST, 'egress/hub')).filter((name) => name.startsWith('web-llm'))).toEqual([]);
  const script = readdirSync(join(DIST, folder)).find((name) => pattern.test(name)) ?? 'missing';
  expect(existsSync(join(DIST, folder, script))).toBe(true);
  const answer = await page.request.get(new URL(`${folder}/${script}`, page.url()).href);
  expect(answer.headers()['content-security-policy']).toContain("connect-src 'self' blob:;");
});

test('without an adapter it says so before anything is fetched', async ({ page }) => {
  await openApp(page);
  const options = { model: model(HUB), threads: 1, contextTokens: 512, slots: 1 };
  const unavailable = { ok: false, error: { code: 'engine-unavailable' } };
  expect(await callWorker(page, WEB_LLM, 'canRun', options.model, null)).toMatchObject(unavailable);
  expect(await callWorker(page, WEB_LLM, 'load', options)).toMatchObject(unavailable);
});

test('the app itself never starts them unasked', async ({ page }) => {
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  await openApp(page);
  await page.waitForLoadState('networkidle');
  expect(fetched.filter((path) => /\/egress\/|web-llm/.test(path))).toEqual([]);
});
