import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SECURITY_HEADERS } from './headers.ts';

/** Text of `public/_headers`, which Netlify, Cloudflare Pages and others read: our headers for every path. */
export function headersFile(): string {
  const lines = Object.entries(SECURITY_HEADERS).map(([name, value]) => `  ${name}: ${value}`);
  return ['# Written by `npm run headers` from src/contracts/security-headers.ts.', '/*', ...lines, ''].join(
    '\n',
  );
}

if (import.meta.filename === process.argv[1])
  writeFileSync(join(import.meta.dirname, '../../public/_headers'), headersFile());
