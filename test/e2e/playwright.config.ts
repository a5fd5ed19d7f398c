import { defineConfig } from '@playwright/test';
import { findChromium } from '../../tools/browser/find-chromium.ts';

const browser = findChromium();
const reportTo = process.env['PLAYWRIGHT_JSON_OUTPUT_FILE'];

export default defineConfig({
  testDir: '.',
  testMatch: '**/*.spec.ts',
  outputDir: '../../test-results',
  globalSetup: './support/built-app.ts',
  // The specs start inference workers of their own; two browsers at once would fight over the cores of a small machine.
  workers: 1,
  retries: 0,
  forbidOnly: true,
  // Only there to end a test that hangs; a busy machine must not fail one.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ...(reportTo === undefined ? [] : [['json', { outputFile: reportTo }] as const])],
  use: {
    browserName: 'chromium',
    launchOptions: browser === null ? {} : { executablePath: browser.path },
    trace: 'off',
    screenshot: 'only-on-failure',
  },
});
