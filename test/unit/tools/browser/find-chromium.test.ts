import { expect, test } from 'vitest';
import { findChromium, type BrowserSearch } from '../../../../tools/browser/find-chromium.ts';

function machine(present: readonly string[], over: Partial<BrowserSearch> = {}): BrowserSearch {
  return {
    platform: 'linux',
    env: {},
    exists: (path) => present.includes(path),
    playwrightPath: () => '/cache/playwright/chrome',
    ...over,
  };
}

test('a named browser wins over CHROME_PATH, and that over the system', () => {
  const env = { CHROME_PATH: '/b' };
  const search = machine(['/a', '/b', '/usr/bin/chromium'], { env });
  expect(findChromium('/a', search)).toEqual({ path: '/a', source: '--chrome' });
  expect(findChromium(undefined, search)).toEqual({ path: '/b', source: 'CHROME_PATH' });
});

test('a named browser that is not there is an error, not another browser', () => {
  const search = machine(['/usr/bin/chromium'], { env: { CHROME_PATH: '/gone' } });
  expect(() => findChromium(undefined, search)).toThrow('/gone');
});

test.each<[NodeJS.Platform, Record<string, string>, string]>([
  ['linux', {}, '/usr/bin/google-chrome'],
  ['darwin', { HOME: '/Users/a' }, '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
  ['win32', { PROGRAMFILES: 'C:/Program Files' }, 'C:/Program Files/Google/Chrome/Application/chrome.exe'],
])('finds the usual Chrome on %s', (platform, env, path) => {
  expect(findChromium(undefined, machine([path], { platform, env }))).toEqual({ path, source: 'system' });
});

test("falls back to Playwright's own, then says that there is none", () => {
  expect(findChromium(undefined, machine(['/cache/playwright/chrome']))?.source).toBe('playwright');
  expect(findChromium(undefined, machine([]))).toBeNull();
});
