import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from '@playwright/test';
import { build } from 'vite';
import { findChromium } from '../browser/find-chromium.ts';
import { launchFlags } from '../browser/launch-flags.ts';
import { serveApp } from '../serve/preview.ts';
import type { Measurements } from './engine-page/page.ts';

/** Threads and shared memory as the app has them; the models are blobs, which the app's content policy would refuse. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Where the arithmetic is to run: the CPU, or the WebGPU adapter of the browser that CHROME_F16_PATH names. */
export type Target = 'cpu' | 'webgpu';

function browserFor(target: Target): { executablePath: string | undefined; args: string[] } {
  if (target === 'cpu') return { executablePath: findChromium()?.path, args: launchFlags('none') };
  const executablePath = process.env['CHROME_F16_PATH'] ?? findChromium()?.path;
  const flags = process.env['CHROME_F16_FLAGS'];
  return { executablePath, args: flags?.split(/\s+/).filter((flag) => flag !== '') ?? launchFlags('native') };
}

/** Proportional set size of the pages' and the GPU's processes, after a garbage collection. Linux only. */
async function memoryBytes(browser: Browser, page: Page): Promise<number> {
  const ofPage = await page.context().newCDPSession(page);
  // An inspected page keeps what its workers threw, with all that hangs on it, for a console that nobody opens.
  await ofPage.send('Runtime.discardConsoleEntries');
  await ofPage.send('HeapProfiler.collectGarbage');
  await ofPage.detach();
  const ofBrowser = await browser.newBrowserCDPSession();
  const { processInfo } = await ofBrowser.send('SystemInfo.getProcessInfo');
  await ofBrowser.detach();
  const kibibytes = processInfo
    .filter(({ type }) => type === 'renderer' || type === 'GPU')
    .map(
      ({ id }) => /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(id)}/smaps_rollup`, 'utf8'))?.[1],
    );
  return kibibytes.reduce((sum, each) => sum + 1024 * Number(each), 0);
}

/**
 * Builds the measuring page as the app is built, opens it and runs one of its measurements.
 * @returns what it returned
 */
export async function measureInPage<Name extends keyof Measurements>(
  target: Target,
  name: Name,
  ...given: Parameters<Measurements[Name]>
): Promise<Awaited<ReturnType<Measurements[Name]>>> {
  const root = mkdtempSync(join(tmpdir(), 'witan-measure-'));
  try {
    await build({
      root: join(import.meta.dirname, 'engine-page'),
      configFile: false,
      // The bundled models.
      publicDir: join(import.meta.dirname, '../../public'),
      logLevel: 'error',
      base: './',
      worker: { format: 'es' },
      build: { target: 'es2023', outDir: join(root, 'dist'), assetsInlineLimit: 0 },
    });
    const server = await serveApp({ root, port: 0, headers: () => ISOLATION });
    const { executablePath, args } = browserFor(target);
    const browser = await chromium.launch({
      // After its third crash Chromium would go on without a GPU, and after the first refuse it to the page for a while.
      args: [...args, '--disable-gpu-process-crash-limit', '--disable-domain-blocking-for-3d-apis'],
      ...(executablePath === undefined ? {} : { executablePath }),
    });
    try {
      const page = await browser.newPage();
      await page.exposeFunction('crashGpuProcess', async () => {
        const session = await browser.newBrowserCDPSession();
        await session.send('Browser.crashGpuProcess');
        await session.detach();
      });
      await page.exposeFunction('memoryBytes', () => memoryBytes(browser, page));
      await page.goto(server.url);
      await page.waitForFunction('globalThis.measurements !== undefined');
      const script = `globalThis.measurements[${JSON.stringify(name)}](...${JSON.stringify(given)})`;
      return await page.evaluate<Awaited<ReturnType<Measurements[Name]>>>(script);
    } finally {
      await browser.close();
      await server.close();
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
