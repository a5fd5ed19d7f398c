import { expect, test } from 'vitest';
import { playwrightCounts, sum, vitestCounts, withExit } from '../../runner/counts.ts';
import { table } from '../../runner/table.ts';

test('a flaky end-to-end test counts as failed', () => {
  const stats = { expected: 5, unexpected: 1, flaky: 2, skipped: 3 };
  expect(playwrightCounts({ stats })).toEqual({ passed: 5, failed: 3, skipped: 3 });
});

test('a report of another shape is refused, not read as zero', () => {
  expect(() => vitestCounts({ passed: 3 })).toThrow();
  expect(() => playwrightCounts({})).toThrow();
});

test('a runner that fails without a failed test counts as one failure', () => {
  const counts = { passed: 4, failed: 0, skipped: 0 };
  expect(withExit(counts, 1).failed).toBe(1);
  expect(withExit(counts, 0)).toEqual(counts);
  expect(withExit({ ...counts, failed: 3 }, 1).failed).toBe(3);
});

test('the last line of the table is the verdict alone', () => {
  const counts = { passed: 4, failed: 1, skipped: 2 };
  const text = table([
    { name: 'unit', verdict: 'failed', counts, wallMs: 1500, note: '', lastWords: '' },
    {
      name: 'lint',
      verdict: 'passed',
      counts: { passed: 1, failed: 0, skipped: 0 },
      wallMs: 1,
      note: '',
      lastWords: '',
    },
    { name: 'gpu', verdict: 'skipped', counts: sum([]), wallMs: 0, note: 'no adapter', lastWords: '' },
  ]);
  expect(text.split('\n').at(-1)).toBe('5 passed, 1 failed');
  expect(text).toContain('(no adapter)');
});
