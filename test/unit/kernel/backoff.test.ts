import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../src/kernel/backoff.ts';
import { seededRandom } from '../../../src/kernel/random.ts';

const POLICY = { firstWaitMs: 500, longestWaitMs: 8_000 };

describe('back-off', () => {
  it('doubles its ceiling up to the longest wait', () => {
    expect([0, 1, 2, 3, 4, 9].map((retry) => backoffMs(POLICY, retry, () => 1))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 8_000,
    ]);
  });

  it('is spread over the whole span, so that clients do not come back together', () => {
    const random = seededRandom(7);
    const waits = Array.from({ length: 2_000 }, () => backoffMs(POLICY, 2, random));
    expect(Math.min(...waits)).toBeLessThan(20);
    expect(Math.max(...waits)).toBeGreaterThan(1_980);
    expect(waits.reduce((sum, wait) => sum + wait, 0) / waits.length).toBeCloseTo(1_000, -2);
  });
});
