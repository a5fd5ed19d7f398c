import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findChromium, type FoundBrowser } from './find-chromium.ts';

type Report = (line: string) => void;

function succeeds(command: string, args: readonly string[], report: Report): boolean {
  report(`$ ${command} ${args.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // What the tool prints goes to standard error: standard output belongs to the caller.
  const windows = process.platform === 'win32';
  const { status } = spawnSync(command, args, { stdio: ['ignore', 2, 2], env, shell: windows });
  return status === 0;
}

function installFromDebian(report: Report): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  const install = ['install', '-yq', '--no-install-recommends', 'chromium'];
  return succeeds('apt-get', ['update', '-q'], report) && succeeds('apt-get', install, report);
}

/** What to do by hand when nothing could be installed. */
export const HOW_TO_INSTALL = [
  'No Chromium was found and none could be installed. Do one of these, then run the command again:',
  '  Debian, Ubuntu   sudo apt-get install chromium',
  '  macOS            brew install --cask google-chrome',
  '  Windows          winget install Google.Chrome',
  '  anywhere         npx playwright install --with-deps chromium',
  '  or name one      CHROME_PATH=/path/to/chrome npm test',
].join('\n');

/** Finds a Chromium, else installs one (Debian's as root, else Playwright's). null when neither worked. */
export function findOrInstallChromium(named: string | undefined, report: Report): FoundBrowser | null {
  const found = findChromium(named);
  if (found !== null) return found;
  report('No Chromium was found; trying to install one.');
  if (!installFromDebian(report)) succeeds('npx', ['playwright', 'install', 'chromium'], report);
  return findChromium(named);
}
