import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryEstimate, speedEstimate, timeEstimate } from '../../../src/ui/estimate-words.ts';

const NBSP = '\u00a0';

describe('estimates', () => {
  it('give the unit once, to the median', () => {
    expect(speedEstimate({ low: 8.1, median: 9.8, high: 11.9 })).toBe(`9.8${NBSP}tokens/s (8.1 to 11.9)`);
    expect(speedEstimate({ low: 0.31, median: 0.42, high: 1.2 })).toBe(`0.42${NBSP}tokens/s (0.31 to 1.20)`);
    expect(speedEstimate({ low: 900, median: 1240, high: 1500 })).toBe(`1,240${NBSP}tokens/s (900 to 1,500)`);
  });

  it('read times in the unit that the median asks for', () => {
    expect(timeEstimate({ low: 7.2, median: 38, high: 46 })).toBe(`38${NBSP}ms (7 to 46)`);
    expect(timeEstimate({ low: 980, median: 1240, high: 1610 })).toBe(`1.2${NBSP}s (1.0 to 1.6)`);
    expect(timeEstimate({ low: 120e3, median: 192e3, high: 240e3 })).toBe(`3.2${NBSP}min (2.0 to 4.0)`);
  });

  it('read memory in binary units', () => {
    expect(memoryEstimate({ low: 0, median: 640 * 2 ** 20, high: 700 * 2 ** 20 })).toBe(
      `640${NBSP}MiB (0 to 700)`,
    );
    expect(memoryEstimate({ low: 2 ** 30, median: 1.25 * 2 ** 30, high: 2 ** 31 })).toBe(
      `1.3${NBSP}GiB (1.0 to 2.0)`,
    );
  });

  it('never show an interval that leaves its median out', () => {
    const figure = fc.double({ min: 0, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(figure, figure, figure), (drawn) => {
        const [low = 0, median = 0, high = 0] = drawn.toSorted((a, b) => a - b);
        for (const words of [speedEstimate, timeEstimate, memoryEstimate]) {
          const shown = words({ low, median, high })
            .replaceAll(',', '')
            .match(/[\d.]+/g)
            ?.map(Number);
          expect(shown).toHaveLength(3);
          const [middle = NaN, from = NaN, to = NaN] = shown ?? [];
          expect(from).toBeLessThanOrEqual(middle);
          expect(middle).toBeLessThanOrEqual(to);
        }
      }),
    );
  });
});
