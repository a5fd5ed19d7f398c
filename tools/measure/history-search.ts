import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { build } from 'vite';
import { findChromium } from '../browser/find-chromium.ts';
import { launchFlags } from '../browser/launch-flags.ts';
import { serveApp } from '../serve/preview.ts';

/**
 * Measures the search of the history in a real browser with its IndexedDB: the first search, which reads all records (with
 * no bound on its time), the same with the bound that the app has, and the later ones. Prints one JSON document; ms.
 *
 *     npx tsx tools/measure/history-search.ts [RECORDS] [RUNS]
 */
const [records = '10000', runs = '20'] = process.argv.slice(2);

const root = mkdtempSync(join(tmpdir(), 'witan-search-'));
try {
  await build({
    root: join(import.meta.dirname, 'search-page'),
    configFile: false,
    logLevel: 'error',
    base: './',
    build: { target: 'es2023', outDir: join(root, 'dist') },
  });
  const server = await serveApp({ root, port: 0, headers: () => ({}) });
  const executablePath = findChromium()?.path;
  const browser = await chromium.launch({
    args: launchFlags('none'),
    ...(executablePath === undefined ? {} : { executablePath }),
  });
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction('globalThis.measureSearch !== undefined');
    const report: unknown = await page.evaluate(`globalThis.measureSearch(${records}, ${runs})`);
    process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
  } finally {
    await browser.close();
    await server.close();
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
