import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { reasonToBuild } from '../../../../tools/serve/build.ts';

let root = '';

/** Writes a file as if `atSeconds` after the epoch, its folders too. */
function write(path: string, atSeconds: number): void {
  const file = join(root, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '');
  utimesSync(file, atSeconds, atSeconds);
  utimesSync(join(file, '..'), atSeconds, atSeconds);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'witan-build-'));
  write('src/app/main.ts', 1000);
  utimesSync(join(root, 'src'), 1000, 1000);
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

test('an app that was never built is built', () => {
  expect(reasonToBuild(root)).toContain('no built app');
});

test('a built app newer than its sources is left alone', () => {
  write('dist/index.html', 2000);
  expect(reasonToBuild(root)).toBeNull();
});

test('a source deep inside that is newer than the built app is named', () => {
  write('dist/index.html', 2000);
  write('src/app/main.ts', 3000);
  expect(reasonToBuild(root)).toContain('src');
});

test('what is no part of the app does not matter', () => {
  write('dist/index.html', 2000);
  write('test/e2e/some.spec.ts', 3000);
  expect(reasonToBuild(root)).toBeNull();
});
