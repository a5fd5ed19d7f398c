import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { windowedRate } from '#kernel/windowed-rate';

describe('windowedRate', () => {
  it('is the sum inside the trailing window over its length', () => {
    expect(windowedRate([0, 500, 1000, 1400], [1, 2, 3, 4], 1000)).toEqual([1, 3, 5, 9]);
  });

  it('equals the sum taken anew for every entry', () => {
    const series = fc
      .array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 9 })), { maxLength: 60 })
      .map((steps) => {
        let timeMs = 0;
        return steps.map(([gapMs, increment]) => ({ timeMs: (timeMs += gapMs), increment }));
      });
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 2000 }), (entries, windowMs) => {
        const rates = windowedRate(
          entries.map((entry) => entry.timeMs),
          entries.map((entry) => entry.increment),
          windowMs,
        );
        entries.forEach(({ timeMs }, index) => {
          const inside = entries.slice(0, index + 1).filter((entry) => entry.timeMs > timeMs - windowMs);
          const sum = inside.reduce((total, entry) => total + entry.increment, 0);
          expect(rates[index]).toBe((sum * 1000) / windowMs);
        });
      }),
    );
  });
});
