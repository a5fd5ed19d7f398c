import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from '@playwright/test';

/** A browser on this machine and how it was found. */
export interface FoundBrowser {
  readonly path: string;
  readonly source: '--chrome' | 'CHROME_PATH' | 'system' | 'playwright';
}

/** What the search looks at; injected, so that it can be tested for every operating system. */
export interface BrowserSearch {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly exists: (path: string) => boolean;
  /** Where Playwright would have put its own Chromium. */
  readonly playwrightPath: () => string;
}

export const thisMachine: BrowserSearch = {
  platform: process.platform,
  env: process.env,
  exists: existsSync,
  playwrightPath: () => chromium.executablePath(),
};

/** Paths are joined with `/`, which Windows takes as well. */
function systemPaths({ platform, env }: BrowserSearch): readonly string[] {
  if (platform === 'darwin') {
    const homes = [
      '/Applications',
      ...(env['HOME'] === undefined ? [] : [join(env['HOME'], 'Applications')]),
    ];
    const apps = ['Google Chrome', 'Chromium', 'Microsoft Edge'];
    return homes.flatMap((home) => apps.map((app) => `${home}/${app}.app/Contents/MacOS/${app}`));
  }
  if (platform === 'win32') {
    const roots = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => env[name] ?? []);
    const apps = ['Google/Chrome', 'Chromium', 'Microsoft/Edge'];
    return roots.flatMap((root) =>
      apps.map((app) => `${root}/${app}/Application/${app.endsWith('Edge') ? 'msedge' : 'chrome'}.exe`),
    );
  }
  const names = ['chromium', 'google-chrome-stable', 'google-chrome', 'chromium-browser', 'microsoft-edge'];
  return [...names.map((name) => `/usr/bin/${name}`), '/snap/bin/chromium', '/opt/google/chrome/chrome'];
}

/**
 * The Chromium to drive: a named one, CHROME_PATH, the system's, then Playwright's own. null when there is none.
 * A named one that does not exist is an error, not a reason to take another.
 * @throws Error when `--chrome` or CHROME_PATH names a file that is not there
 */
export function findChromium(named?: string, search: BrowserSearch = thisMachine): FoundBrowser | null {
  const asked: readonly [FoundBrowser['source'], string | undefined][] = [
    ['--chrome', named],
    ['CHROME_PATH', search.env['CHROME_PATH']],
  ];
  for (const [source, path] of asked) {
    if (path === undefined || path === '') continue;
    if (!search.exists(path)) throw new Error(`${source} names ${path}, which does not exist`);
    return { path, source };
  }
  const system = systemPaths(search).find((path) => search.exists(path));
  if (system !== undefined) return { path: system, source: 'system' };
  const own = search.playwrightPath();
  return own !== '' && search.exists(own) ? { path: own, source: 'playwright' } : null;
}
