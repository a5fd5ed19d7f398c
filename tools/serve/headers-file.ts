import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EGRESS_FOLDERS, securityHeaders } from '../../src/contracts/security-headers.ts';

/**
 * What is served, one rule each: these hosts add up all rules that match, so a rule for every path could not be widened
 * for one folder (two policies hold together, and the narrower wins).
 */
const PATHS = [
  '/',
  '/index.html',
  '/service-worker.js',
  '/old-browser.js',
  '/assets/*',
  '/catalogue/*',
  '/icons/*',
  '/starter/*',
  '/manifest.webmanifest',
];

/** Text of `public/_headers`, which Netlify, Cloudflare Pages and others read. */
export function headersFile(): string {
  const rules = [...PATHS, ...EGRESS_FOLDERS.map((folder) => `${folder}*`)].flatMap((path) => [
    path,
    ...Object.entries(securityHeaders(path)).map(([name, value]) => `  ${name}: ${value}`),
  ]);
  return ['# Written by `npm run headers` from src/contracts/security-headers.ts.', ...rules, ''].join('\n');
}

if (import.meta.filename === process.argv[1])
  writeFileSync(join(import.meta.dirname, '../../public/_headers'), headersFile());
