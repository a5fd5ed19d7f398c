import { join } from 'node:path';
import { ensureBuilt } from '../../../tools/serve/build.ts';

/** Playwright's global set-up: the specs drive the app as it is built now. */
export default function builtApp(): void {
  ensureBuilt(join(import.meta.dirname, '../../..'), (line) => console.log(line));
}
