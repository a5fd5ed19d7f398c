import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { READING_PACE, speedScale } from '../../../../src/ui/device/speed-scale.ts';
import { estimate } from '../../../fakes/capacity-data.ts';

describe('the axis of speeds', () => {
  it('always has the pace of reading on it, and ends on marks', () => {
    for (const speeds of [[], [estimate(300)], [estimate(0.02)]]) {
      const { marks } = speedScale(speeds);
      expect(marks.map(({ speed }) => speed)).toContain(READING_PACE);
      expect(marks.at(0)?.at).toBe(0);
      expect(marks.at(-1)?.at).toBe(100);
    }
  });

  it('is logarithmic', () => {
    const { at } = speedScale([estimate(0.5), estimate(90)]);
    expect(at(10) - at(1)).toBeCloseTo(at(100) - at(10), 9);
  });

  it('keeps faster to the right of slower, and all within it', () => {
    const speed = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(speed, speed, (a, b) => {
        const { at } = speedScale([estimate(a), estimate(b)]);
        expect(Math.sign(at(a) - at(b)) * Math.sign(a - b)).toBeGreaterThanOrEqual(0);
        for (const each of [at(a), at(b)]) {
          expect(each).toBeGreaterThanOrEqual(0);
          expect(each).toBeLessThanOrEqual(100);
        }
      }),
    );
  });
});
