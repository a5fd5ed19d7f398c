import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  remaining,
  remainingDecode,
  scalingAt,
  serialShare,
  serialTime,
} from '../../../../src/capacity/scalability/amdahl.ts';

describe('serialShare', () => {
  it('turns the law round: 4 threads 3.2 times as fast have (4/3.2 − 1)/3 = 1/12', () => {
    const share = serialShare(4, 3.2);
    expect(share.median).toBeCloseTo(1 / 12, 12);
    expect(share.low).toBeCloseTo(1 / 24, 12);
    expect(share.high).toBeCloseTo(1 / 6 + 0.05, 12);
    expect(share.measured).toBe(true);
  });

  it('is none of perfect threads and all of useless ones, also where they are better or worse than that', () => {
    expect(serialShare(8, 8).median).toBe(0);
    expect(serialShare(8, 8.4).median).toBe(0);
    expect(serialShare(8, 1).median).toBe(1);
    expect(serialShare(8, 0.7)).toMatchObject({ median: 1, high: 1 });
  });

  it('is an assumption, and wider, where nothing was measured or one thread cannot tell', () => {
    for (const assumed of [serialShare(4, null), serialShare(1, 1), serialShare(4, 0)]) {
      expect(assumed).toMatchObject({ measured: false, low: 0, high: 0.5 });
      const width = (share: { low: number; high: number }): number => share.high - share.low;
      expect(width(assumed)).toBeGreaterThan(width(serialShare(4, 3.2)));
    }
  });
});

describe('scalingAt', () => {
  it('keeps the serial share: of 1/12, 8 threads are 1 ÷ (1/12 + 11/96) times as fast as one', () => {
    expect(scalingAt(4, 3.2, 4)).toBeCloseTo(3.2, 12);
    expect(scalingAt(4, 3.2, 8)).toBeCloseTo(1 / (1 / 12 + 11 / 96), 12);
  });

  it('is not known of one thread, from one, nor from what was not measured', () => {
    expect([scalingAt(4, 3.2, 1), scalingAt(1, 1, 4), scalingAt(4, 0, 8)]).toEqual([null, null, null]);
  });
});

describe('remaining', () => {
  const exactly = (share: number) => ({ low: share, median: share, high: share });

  it('is Amdahl’s: a tenth serial, from 1 to 2 threads 0.55, from 2 to 4 0.325/0.55', () => {
    expect(remaining(exactly(0.1), 1, 2).median).toBeCloseTo(0.55, 12);
    expect(remaining(exactly(0.1), 2, 2).median).toBeCloseTo(0.325 / 0.55, 12);
    // The textbook's: 95 % parallel is never more than 20 times as fast.
    expect(1 / remaining(exactly(0.05), 1, 1e9).median).toBeCloseTo(20, 5);
  });

  it('gives threads no more than their number, and never takes anything', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        share,
        fc.integer({ min: 1, max: 256 }),
        fc.integer({ min: 1, max: 16 }),
        (s, n, factor) => {
          const { median } = remaining(exactly(s), n, factor);
          expect(median).toBeGreaterThanOrEqual(1 / factor - 1e-12);
          expect(median).toBeLessThanOrEqual(1 + 1e-12);
        },
      ),
    );
  });
});

it('writing keeps the part that is spent reading', () => {
  const rest = { low: 0.5, median: 0.6, high: 0.8 };
  // 0.7 + 0.3 · 0.6.
  expect(remainingDecode(0.7, rest)).toEqual({ low: 0.5, median: 0.88, high: 1 });
  expect(remainingDecode(1, rest)).toEqual({ low: 0.5, median: 1, high: 1 });
});

it('knows how much of the time one thread works alone', () => {
  // A tenth of the work serial, on four threads: 0.1 of 0.1 + 0.9/4.
  expect(serialTime(0.1, 4)).toBeCloseTo(0.1 / 0.325, 12);
  expect(serialTime(0.1, 1)).toBeCloseTo(0.1, 12);
});
