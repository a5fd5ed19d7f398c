import { statSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

/** Everything that the built app is made of, relative to the repository's root. */
const SOURCES = [
  'index.html',
  'package.json',
  'package-lock.json',
  'vite.config.ts',
  'tsconfig.json',
  'public',
  'src',
  'workers',
  'tools/serve',
];

/** Newest modification under a path, milliseconds since the Unix epoch; 0 when there is nothing. */
export function newestChangeMs(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  const inside = readdirSync(path).map((name) => newestChangeMs(join(path, name)));
  // A folder's own time tells of files that were removed.
  return Math.max(stat.mtimeMs, ...inside);
}

/** Why `dist` must be built again; null when it is newer than every source. */
export function reasonToBuild(root: string): string | null {
  const builtMs = statSync(join(root, 'dist/index.html'), { throwIfNoEntry: false })?.mtimeMs;
  if (builtMs === undefined) return 'there is no built app yet';
  const newer = SOURCES.find((source) => newestChangeMs(join(root, source)) > builtMs);
  return newer === undefined ? null : `${newer} is newer than the built app`;
}

/**
 * Builds the app when `dist` is missing or older than its sources. Returns whether it built.
 * @throws Error when the build fails
 */
export async function ensureBuilt(root: string, report: (line: string) => void): Promise<boolean> {
  const reason = reasonToBuild(root);
  if (reason === null) return false;
  report(`Building the app: ${reason} …`);
  await build({ root, configFile: join(root, 'vite.config.ts'), logLevel: 'error' });
  return true;
}
