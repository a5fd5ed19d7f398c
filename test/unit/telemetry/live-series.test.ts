import { describe, expect, it } from 'vitest';
import { METRIC_IDS, type MetricId, type MetricSample } from '#contracts/metrics';
import { liveSeries } from '../../../src/telemetry/live-series.ts';

function sample(atMs: number, set: Partial<Record<MetricId, number>>, visible = true): MetricSample {
  return { atMs, visible, values: METRIC_IDS.map((id) => set[id] ?? 0) };
}

describe('liveSeries', () => {
  it('has tokens over the last second, the frame peak and the budget', () => {
    const series = liveSeries([
      sample(1000, { tokens: 3, frameInterval: 17, frameBudget: 16.7 }),
      sample(1500, { tokens: 2, frameInterval: 40, frameBudget: 16.7 }),
      sample(2000, { frameBudget: 16.7 }),
    ]);
    expect(series).toEqual({
      atMs: [1000, 1500, 2000],
      tokensPerSecond: [3, 5, 2],
      frameMs: [17, 40, null],
      budgetMs: [16.7, 16.7, 16.7],
    });
  });

  it('leaves gaps for hidden samples and for a budget not yet measured', () => {
    const series = liveSeries([sample(0, { frameInterval: 900 }, false)]);
    expect(series.frameMs).toEqual([null]);
    expect(series.budgetMs).toEqual([null]);
  });
});
