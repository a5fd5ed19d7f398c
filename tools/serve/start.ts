import { join } from 'node:path';
import { ensureBuilt } from './build.ts';
import { serveApp } from './preview.ts';

/** The port that README and documentation name. */
const PORT = 4173;

/** A browser can be opened where there is a screen. */
function hasScreen(): boolean {
  if (process.platform === 'darwin' || process.platform === 'win32') return true;
  return (process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'] ?? '') !== '';
}

async function main(): Promise<void> {
  const root = join(import.meta.dirname, '../..');
  ensureBuilt(root, (line) => console.log(line));
  const open = hasScreen();
  const server = await serveApp({ root, port: PORT, open });
  console.log(`\n  Witan is at ${server.url}\n`);
  console.log(open ? '  Your browser opens it now.' : '  Open this address in a browser on this machine.');
  console.log('  Nothing leaves this machine. Stop with Ctrl+C.\n');
}

main().catch((error: unknown) => {
  console.error('Witan could not be started:');
  console.error(error instanceof Error ? error.message : error);
  console.error('Run `npm ci` first; then see README.md, "Limits". Node 20.19 or newer is needed.');
  process.exitCode = 1;
});
