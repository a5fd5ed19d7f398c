import { describe, expect, it } from 'vitest';
import { METRIC_IDS } from '#contracts/metrics';
import { chartSummary, decisionWords, historyColumn } from '../../../../src/ui/monitor/monitor-words.ts';

const plainSpaces = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('monitor words', () => {
  it('give a decision with its reason and its evidence', () => {
    const words = decisionWords({
      atMs: 1,
      lever: 'stream-flush',
      fromLevel: 1,
      toLevel: 2,
      from: 50,
      to: 120,
      reason: 'over-budget',
      frameMs: 21.84,
      budgetMs: 16.67,
    });
    expect(plainSpaces(words)).toBe(
      'Step 1 → 2: text shown every 50 → 120 ms, because frames took longer than the budget (frame 21.8 ms, budget 16.7 ms)',
    );
  });

  it('describe the charts to people who do not see them', () => {
    const summary = plainSpaces(
      chartSummary({
        atSeconds: [1, 2, 3],
        tokensPerSecond: [0, 120, 60],
        frameMs: [16.7, 50, null],
        budgetMs: [16.7, 16.7, 16.7],
      }),
    );
    expect(summary).toContain('now 60.0, highest 120.');
    expect(summary).toContain('Longest frame: 50.0 ms, budget 16.7 ms; 1 sample of 3 with a missed frame.');
    expect(chartSummary({ atSeconds: [], tokensPerSecond: [], frameMs: [], budgetMs: [] })).toBe(
      'No samples yet.',
    );
  });

  it('leave a gap in history where no frame was painted', () => {
    const values = METRIC_IDS.map(() => 0);
    const point = { atMs: 1, mean: values, max: values };
    expect(historyColumn([point], 'frameInterval', 'mean')).toEqual([null]);
    expect(historyColumn([point], 'tokens', 'mean')).toEqual([0]);
  });
});
