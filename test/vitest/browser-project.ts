import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { findChromium } from '../../tools/browser/find-chromium.ts';

/** Cross-origin isolation as the app has it; not its content policy, which would refuse the test runner's own scripts. */
const ISOLATION_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Packages that browser code imports, prepared before the first test. */
const PACKAGES = [
  'axe-core',
  '@wllama/wllama/esm/index.js',
  'cockatiel',
  'comlink',
  'eventsource-parser',
  'hash-wasm',
  'idb',
  'valibot',
];

interface BrowserProject {
  readonly name: string;
  readonly include: string[];
  readonly exclude: string[];
  /** Browser to drive; the one that `findChromium` finds when undefined. */
  readonly chromium: string | undefined;
  readonly flags: string[];
}

/** A vitest configuration whose tests run in a real Chromium: real workers, IndexedDB, OPFS, WebGPU. */
export function browserProject({ name, include, exclude, chromium, flags }: BrowserProject): ViteUserConfig {
  const executablePath = chromium ?? findChromium()?.path;
  return defineConfig({
    root: '.',
    plugins: [svelte({ configFile: false })],
    define: { __WITAN_VERSION__: JSON.stringify('0.0.0-test') },
    worker: { format: 'es' },
    server: { headers: ISOLATION_HEADERS },
    // Found only while a test runs, they would make Vite reload the page under it.
    // web-llm is one file of 6.8 MB that imports nothing: there is nothing to prepare.
    optimizeDeps: { include: PACKAGES, exclude: ['@mlc-ai/web-llm'], noDiscovery: true },
    test: {
      name,
      include,
      exclude,
      passWithNoTests: true,
      // Only there to end a test that hangs; a busy machine must not fail one.
      testTimeout: 60_000,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({
          launchOptions: { args: flags, ...(executablePath === undefined ? {} : { executablePath }) },
        }),
        instances: [{ browser: 'chromium' }],
      },
    },
  });
}
