import { sum } from './counts.ts';
import type { StepResult } from './run-step.ts';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** The closing table; its last line is `N passed, M failed`, alone, for machines. */
export function table(results: readonly StepResult[]): string {
  const rows = results.map(({ name, verdict, counts, wallMs, note }) => {
    const mark = { passed: '✓', failed: '✗', skipped: '–' }[verdict];
    const tests = verdict === 'skipped' ? 'skipped' : `${counts.passed} passed, ${counts.failed} failed`;
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    const columns = `${mark} ${name.padEnd(14)} ${seconds(wallMs).padStart(8)}   ${tests}${skipped}`;
    return note === '' ? columns : `${columns} (${note})`;
  });
  const total = sum(results.map((result) => result.counts));
  const wallMs = results.reduce((whole, result) => whole + result.wallMs, 0);
  return [
    '',
    ...rows,
    `  ${'all'.padEnd(14)} ${seconds(wallMs).padStart(8)}`,
    '',
    `${total.passed} passed, ${total.failed} failed`,
  ].join('\n');
}
