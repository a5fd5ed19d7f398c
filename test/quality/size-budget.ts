import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseAst } from 'vite';

const KIB = 1024;

/**
 * JavaScript that a first visit must fetch before the page works, gzip, bytes. Engines, other pages and workers come
 * later. squoosh needs 37 KB, speedscope 150 KB, web-llm-chat 2,390 KB (measured in August 2026).
 */
export const FIRST_VISIT_BUDGET = 60_000;

interface Budget {
  readonly what: string;
  /** Of the file's name without its hash. */
  readonly files: RegExp;
  /** Bytes, all matching files together: gzip, or as they are where `plain` says so. */
  readonly limit: number;
  readonly plain?: true;
}

/**
 * The other parts, each with some air above what was measured when its line was written. A part that outgrows its
 * line is either mended or gets a new figure here, with the reason in the commit.
 */
export const BUDGETS: readonly Budget[] = [
  // Of all pages together; a first visit has those of the council page, and 12 KiB were full when the answer's evidence came.
  { what: 'styles', files: /\.css$/, limit: 15 * KIB },
  { what: 'wllama worker', files: /^wllama\.worker.*\.js$/, limit: 170 * KIB },
  // 8,763,949 bytes in wllama 3.8.1: llama.cpp with CPU and WebGPU back ends.
  { what: 'wllama engine', files: /^wllama-(?!compat).*\.wasm$/, limit: 2_450 * KIB },
  // 16,005,007 bytes, without 64-bit memories and promise integration; fetched by browsers that lack these.
  { what: 'wllama for Safari', files: /^wllama-compat-.*\.(wasm|js)$/, limit: 4_100 * KIB },
  { what: 'remote worker', files: /^remote\.worker.*\.js$/, limit: 18 * KIB },
  // Host, comlink and schemas; 2,280 KB more of web-llm 0.2.86 come when a model is loaded.
  { what: 'web-llm worker', files: /^web-llm\.worker.*\.js$/, limit: 16 * KIB },
  { what: 'web-llm engine', files: /^web-llm-package.*\.js$/, limit: 2_300 * KIB },
  { what: 'telemetry worker', files: /^telemetry\.worker.*\.js$/, limit: 16 * KIB },
  { what: 'service worker', files: /^service-worker\.js$/, limit: 12 * KIB },
  { what: 'hash worker', files: /^hash\.worker.*\.js$/, limit: 12 * KIB },
  { what: 'charts', files: /^uplot.*\.js$/i, limit: 30 * KIB },
  // Issue 2: "together at most 6 MB".
  { what: 'starter models', files: /\.gguf$/, limit: 6_000_000, plain: true },
];

/** Every file under a folder with `/` between its parts. */
function filesUnder(folder: string, below = ''): readonly string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(below, entry.name);
    return entry.isDirectory() ? filesUnder(folder, path) : [path];
  });
}

/** Scripts and module preloads that the page names. */
export function namedByPage(html: string): readonly string[] {
  const tags = html.match(/<(?:script|link)\b[^>]*>/g) ?? [];
  return tags.flatMap((tag) => {
    if (tag.startsWith('<link') && !tag.includes('rel="modulepreload"')) return [];
    return /(?:src|href)="\.?\/?([^"]+\.js)"/.exec(tag)?.[1] ?? [];
  });
}

/** What a module imports before it can run; `import()` is not among it. */
export function staticImports(code: string): readonly string[] {
  return parseAst(code).body.flatMap((node) => {
    if (node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration') return [node.source.value];
    if (node.type === 'ExportNamedDeclaration' && node.source !== null) return [node.source.value];
    return [];
  });
}

/** The modules of a first visit: what the page names and everything that these import statically. */
export function firstVisit(html: string, read: (path: string) => string): readonly string[] {
  const found = new Set<string>();
  const queue = [...namedByPage(html)];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const folder = dirname(path);
    queue.push(...staticImports(read(path)).map((specifier) => posix.join(folder, specifier)));
  }
  return [...found].sort();
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`;

function main(): void {
  const dist = 'dist';
  if (!existsSync(join(dist, 'index.html')))
    throw new Error('there is no built app: run `npm run build` first');
  const gzip = (path: string): number => gzipSync(readFileSync(join(dist, path)), { level: 9 }).length;
  const read = (path: string): string => readFileSync(join(dist, path), 'utf8');
  const all = filesUnder(dist).filter((path) => !path.endsWith('.map'));
  const report = (what: string, files: readonly string[], limit: number, plain: boolean): void => {
    const bytes = files.reduce(
      (sum, path) => sum + (plain ? statSync(join(dist, path)).size : gzip(path)),
      0,
    );
    // A line that matches nothing guards nothing.
    const wrong = bytes > limit || files.length === 0;
    if (wrong) process.exitCode = 1;
    const size = files.length === 0 ? 'no such file' : `${kilobytes(bytes)} of ${kilobytes(limit)}`;
    console.log(`${wrong ? '✗' : '✓'} ${what.padEnd(18)} ${size}`);
  };
  report('first visit', firstVisit(read('index.html'), read), FIRST_VISIT_BUDGET, false);
  for (const { what, files, limit, plain } of BUDGETS)
    report(
      what,
      all.filter((path) => files.test(posix.basename(path))),
      limit,
      plain ?? false,
    );
}

if (import.meta.filename === process.argv[1]) main();
