import { describe, expect, it } from 'vitest';
import { MICRO_NAMES, MICRO_SKIPS } from '#contracts/micro-bench';
import { figureRows, microConditions, skippedWords } from '../../../../src/ui/device/micro-words.ts';
import { microReport } from '../../../fakes/capacity-data.ts';

const NBSP = '\u00a0';

describe('measured figures', () => {
  it('are shown in the order of the contract, with unit, interval and steadiness', () => {
    const rows = figureRows(microReport());
    expect(rows.map(({ name }) => name)).toEqual(
      MICRO_NAMES.filter((name) => rows.some((row) => row.name === name)),
    );
    expect(rows[0]).toMatchObject({
      median: `9.40${NBSP}GB/s`,
      interval: '9.31 to 9.49',
      repetitions: 5,
      stable: true,
    });
    expect(rows.filter(({ stable }) => !stable)).toHaveLength(2);
  });

  it('that are missing say why, one line a reason', () => {
    const lines = skippedWords(microReport());
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain(
      'no graphics card: graphics card reads its memory and graphics card multiplies, 32-bit.',
    );
    const all = microReport({ skipped: MICRO_SKIPS.map((reason) => ({ name: 'gpuReadGBps', reason })) });
    expect(new Set(skippedWords(all)).size).toBe(MICRO_SKIPS.length);
  });

  it('name the conditions, and what was thrown away', () => {
    const report = microReport();
    expect(microConditions(report)).toContain(`1${NBSP}repetition thrown away`);
    const card = { ...report.conditions, voided: 0, adapter: 'nvidia ampere', fallback: true };
    const words = microConditions(microReport({ conditions: card }));
    expect(words).toContain('graphics card nvidia ampere (software)');
    expect(words).not.toContain('thrown away');
  });
});
