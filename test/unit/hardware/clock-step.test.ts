import { describe, expect, it } from 'vitest';
import { measureClockStepUs } from '../../../src/hardware/clock-step.ts';

/** A clock that each reading moves by `costMs` and that shows only whole steps, from an odd origin. */
function coarseClock(stepMs: number, costMs: number): { read: () => number; reads: () => number } {
  let now = 12_345.678_9;
  let count = 0;
  return {
    read: () => {
      now += costMs;
      count += 1;
      return Math.floor(now / stepMs) * stepMs;
    },
    reads: () => count,
  };
}

describe('measureClockStepUs', () => {
  it.each([
    ['isolated Chromium', 0.005, 5],
    ['Chromium', 0.1, 100],
    ['Firefox, Safari', 1, 1000],
    ['isolated Firefox', 0.02, 20],
  ])('finds the step of %s', (_, stepMs, expected) => {
    expect(measureClockStepUs(coarseClock(stepMs, 0.000_1).read)).toBe(expected);
  });

  it('is not misled by a pause between two readings', () => {
    // Every second step is long: the short ones still count.
    const uneven = [0, 0.5, 0.6, 1.3, 1.4, 2.9, 3, 20];
    let index = 0;
    expect(measureClockStepUs(() => uneven[Math.min(index++, uneven.length - 1)] ?? 0)).toBe(100);
  });

  it('gives up on a clock that stands still, or that says nonsense', () => {
    let reads = 0;
    expect(
      measureClockStepUs(() => {
        reads += 1;
        return 7;
      }),
    ).toBe(0);
    expect(reads).toBeLessThan(1_000_000);
    expect(measureClockStepUs(() => Number.NaN)).toBe(0);
    let back = 100;
    expect(measureClockStepUs(() => (back -= 0.000_1))).toBe(0);
  });

  it('ends after about a frame even where steps are rare', () => {
    const slow = coarseClock(10, 0.01);
    expect(measureClockStepUs(slow.read)).toBe(10_000);
    expect(slow.reads()).toBeLessThan(4000);
  });
});
