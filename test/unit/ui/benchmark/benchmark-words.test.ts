import { describe, expect, it } from 'vitest';
import {
  comparisonSummary,
  conditionRows,
  coverageWords,
  currentWords,
  environmentRows,
  pWords,
} from '../../../../src/ui/benchmark/benchmark-words.ts';
import { groupTests, stripReach } from '../../../../src/ui/benchmark/test-groups.ts';
import { benchResult } from '../../../fakes/port-data.ts';

describe('benchmark words', () => {
  it('keep the decimal of an exact coverage and the smallness of p', () => {
    expect(coverageWords(0.969)).toBe('96.9\u00a0%');
    expect([0.00004, 0.002].map(pWords)).toEqual(['< 0.001', '0.002']);
  });

  it('doubt a run during which the tab was hidden', () => {
    const result = benchResult();
    const doubted = (share: number): boolean =>
      conditionRows({ ...result, conditions: { ...result.conditions, visibleShare: share } }).some(
        (row) => row.doubt !== undefined,
      );
    expect(doubted(1)).toBe(false);
    expect(doubted(0.9)).toBe(true);
  });

  it('show a dash for what the link does not tell', () => {
    const result = benchResult();
    const rows = environmentRows({ ...result, environment: { ...result.environment, cores: null, gpu: '' } });
    expect(rows.find((row) => row.label === 'Cores')?.value).toBe('–');
    expect(rows.find((row) => row.label === 'Graphics card')?.value).toBe('–');
  });

  it('name the test that runs, and pass on what they do not know', () => {
    expect(['alder/tg64', 'alder/new9', 'x'].map(currentWords)).toEqual([
      'Alder, writing an answer',
      'alder/new9',
      'x',
    ]);
  });

  it('count the verdicts', () => {
    const row = { member: 'alder', unit: 'ms', theirs: 1, ours: 1, ratio: 1, ratioCi: [1, 1], p: 1 } as const;
    const rows = [
      { ...row, test: 'ttft', verdict: 'faster' },
      { ...row, test: 'pp128', verdict: 'not-distinguishable' },
    ] as const;
    expect(comparisonSummary(rows)).toBe(
      'Of 2\u00a0tests, this device is faster in 1, slower in 0; 1 cannot be told apart.',
    );
  });
});

describe('groupTests', () => {
  it('lists every test of every member once', () => {
    const result = benchResult();
    const groups = groupTests(result);
    expect(groups.map((group) => group.test)).toEqual(['pp128', 'tg64', 'ttft']);
    expect(groups.flatMap((group) => group.tests)).toHaveLength(result.tests.length);
  });

  it('gives strips an axis that holds every sample', () => {
    const result = benchResult();
    const wild = {
      ...result,
      tests: result.tests.map((test) => ({ ...test, samples: [test.median * 1.4] })),
    };
    expect(stripReach(result)).toBe(0.05);
    expect(stripReach(wild)).toBeCloseTo(0.4);
  });
});
