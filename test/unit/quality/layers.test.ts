import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let house = '';

function write(path: string, text: string): void {
  mkdirSync(dirname(join(house, path)), { recursive: true });
  writeFileSync(join(house, path), text);
}

/** `rule file` for every import rule that the house breaks. */
function broken(): readonly string[] {
  const tool = join(process.cwd(), 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [tool, '--config', join(house, 'layers.cjs'), '--output-type', 'json', 'src', 'workers'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: house, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  const report = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string }; from: string }[] };
  };
  return report.summary.violations.map(({ rule, from }) => `${rule.name} ${from}`).sort();
}

beforeEach(() => {
  house = mkdtempSync(join(tmpdir(), 'witan-layers-'));
  for (const file of ['package.json', 'tsconfig.json', 'src/tsconfig.json'])
    cpSync(file, join(house, file), { recursive: true });
  cpSync('test/quality/layers.cjs', join(house, 'layers.cjs'));
  symlinkSync(join(process.cwd(), 'node_modules'), join(house, 'node_modules'));
  write('src/kernel/clock.ts', 'export const clock = 1;\n');
  write('src/contracts/errors.ts', "import { clock } from '#kernel/clock';\nexport const errors = clock;\n");
  write(
    'workers/lib/entry.ts',
    "import { errors } from '#contracts/errors';\nexport const entry = errors;\n",
  );
});

afterEach(() => {
  rmSync(house, { recursive: true });
});

test('the allowed directions are silent', () => {
  write(
    'src/council/round.ts',
    "import { errors } from '#contracts/errors';\nexport const round = errors;\n",
  );
  write('src/app/main.ts', "import { round } from '../council/round.ts';\nconsole.warn(round);\n");
  write('src/storage/store.ts', "import { clock } from '#kernel/clock';\nexport const store = clock;\n");
  write(
    'workers/telemetry/worker.ts',
    "import { entry } from '../lib/entry.ts';\nimport { store } from '../../src/storage/store.ts';\nconsole.warn(entry, store);\n",
  );
  expect(broken()).toEqual([]);
});

const PLANTED: readonly (readonly [file: string, specifier: string, rule: string])[] = [
  ['src/kernel/up.ts', '#contracts/errors', 'src-kernel'],
  ['src/contracts/up.ts', '../council/round.ts', 'src-contracts'],
  ['src/bench/suite.ts', '../council/round.ts', 'src-bench'],
  ['src/ui/card.svelte', '../council/round.ts', 'src-ui'],
  ['src/engines/host.ts', '../../workers/lib/entry.ts', 'src-never-imports-workers'],
  ['workers/inference/host.ts', '../../src/council/round.ts', 'workers-inference'],
  ['workers/inference/peer.ts', '../telemetry/sampler.ts', 'a-worker-imports-only-workers-lib'],
  ['src/app/misc.ts', '../utils/misc.ts', 'known-rooms-only'],
  ['src/app/gone.ts', './not-there.ts', 'no-unresolved'],
  ['src/app/dev.ts', 'fast-check', 'shipped-code-has-only-runtime-dependencies'],
];

test('every planted wrong import is caught, under its own rule, and nothing else', () => {
  write('src/council/round.ts', 'export const round = 1;\n');
  write('src/utils/misc.ts', 'export const misc = 1;\n');
  write('workers/telemetry/sampler.ts', 'export const sampler = 1;\n');
  for (const [file, specifier] of PLANTED) {
    const code = `import * as planted from '${specifier}';\nconsole.warn(planted);\n`;
    write(file, file.endsWith('.svelte') ? `<script lang="ts">\n${code}</script>\n` : code);
  }
  expect(broken()).toEqual(PLANTED.map(([file, , rule]) => `${rule} ${file}`).sort());
});

test('a cycle of types alone is a cycle', () => {
  write('src/council/a.ts', "import type { B } from './b.ts';\nexport type A = B | 1;\n");
  write('src/council/b.ts', "import type { A } from './a.ts';\nexport type B = A | 2;\n");
  const rules = broken();
  expect(rules.length).toBeGreaterThan(0);
  expect(rules.every((line) => line.startsWith('no-circular '))).toBe(true);
});
