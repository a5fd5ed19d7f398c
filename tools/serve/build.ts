import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

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
 * Builds the app when `dist` is missing or older than its sources. Returns whether it built. In a process of its own:
 * the plugins' progress then goes to standard error whatever they think of log levels.
 * @throws Error when the build fails
 */
export function ensureBuilt(root: string, report: (line: string) => void): boolean {
  const reason = reasonToBuild(root);
  if (reason === null) return false;
  report(`Building the app: ${reason} …`);
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const { status, error } = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error('the build failed; what it printed is above');
  return true;
}
