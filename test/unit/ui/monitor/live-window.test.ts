import { describe, expect, it } from 'vitest';
import { LIVE_SPAN_MS, LiveWindow } from '../../../../src/ui/monitor/live-window.ts';
import { sampleAt } from '../../../fakes/ports.ts';

describe('LiveWindow', () => {
  it('keeps one minute and takes no sample twice', () => {
    const window = new LiveWindow();
    window.add([sampleAt(1_000, { errors: 1 }), sampleAt(1_100, { errors: 1 })], 1_100);
    window.add([sampleAt(1_100, { errors: 1 }), sampleAt(1_200, { errors: 1 })], 1_200);
    expect(window.sum('errors')).toBe(3);
    window.add([sampleAt(1_050 + LIVE_SPAN_MS, {})], 1_050 + LIVE_SPAN_MS);
    expect(window.sum('errors')).toBe(2);
    expect(window.newestMs).toBe(1_050 + LIVE_SPAN_MS);
  });

  it('turns token counts into a rate over a second', () => {
    const window = new LiveWindow();
    const samples = Array.from({ length: 20 }, (_, index) => sampleAt((index + 1) * 100, { tokens: 6 }));
    window.add(samples, 2_000);
    expect(window.columns().tokensPerSecond.at(-1)).toBe(60);
  });

  it('leaves a gap where the page was hidden', () => {
    const window = new LiveWindow();
    const values = { frameInterval: 17, frameBudget: 16.7 };
    window.add(
      [sampleAt(100, values), sampleAt(200, values, false), sampleAt(300, { frameBudget: 16.7 })],
      300,
    );
    expect(window.columns().frameMs).toEqual([17, null, null]);
    expect(window.columns().budgetMs).toEqual([16.7, 16.7, 16.7]);
  });

  it('knows nothing before the first sample', () => {
    const window = new LiveWindow();
    expect(window.last('queueDepth')).toBeNull();
    expect(window.newestMs).toBeNull();
    expect(window.columns().atSeconds).toEqual([]);
  });
});
