import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mcnemarExact, wilsonInterval } from '#kernel/statistics-proportions';

describe('wilsonInterval', () => {
  it.each([
    // Newcombe (1998), table I, method 3 (score without continuity correction).
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i: %f to %f', (successes, total, low, high) => {
    const interval = wilsonInterval(successes, total);
    expect(interval[0]).toBeCloseTo(low, 4);
    expect(interval[1]).toBeCloseTo(high, 4);
  });

  it('holds the share, stays in 0..1, and mirrors', () => {
    const counts = fc
      .integer({ min: 1, max: 5000 })
      .chain((total) => fc.tuple(fc.integer({ min: 0, max: total }), fc.constant(total)));
    fc.assert(
      fc.property(counts, ([successes, total]) => {
        const [low, high] = wilsonInterval(successes, total);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(successes / total);
        expect(high).toBeGreaterThanOrEqual(successes / total);
        const [mirrorLow, mirrorHigh] = wilsonInterval(total - successes, total);
        expect(mirrorLow).toBeCloseTo(1 - high, 10);
        expect(mirrorHigh).toBeCloseTo(1 - low, 10);
      }),
    );
  });

  it('knows nothing from nothing', () => {
    expect(wilsonInterval(0, 0)).toEqual([0, 1]);
  });
});

/** P(Bin(n, ½) ≤ k) by whole numbers. */
function tail(n: number, k: number): number {
  let ways = 1n;
  let sum = 0n;
  for (let i = 0; i <= k; i += 1) {
    sum += ways;
    ways = (ways * BigInt(n - i)) / BigInt(i + 1);
  }
  return Number((sum * 10n ** 15n) / 2n ** BigInt(n)) / 1e15;
}

describe('mcnemarExact', () => {
  it.each([
    [0, 0, 1],
    [1, 0, 1],
    [5, 0, 0.0625],
    [8, 0, 0.0078125],
    [9, 1, 0.021484375], // 2·(1 + 10) / 1024
    [3, 3, 1],
    [2, 10, 0.03857421875], // 2·(1 + 12 + 66) / 4096
  ])('%i against %i: p = %f', (b, c, p) => {
    expect(mcnemarExact(b, c)).toBeCloseTo(p, 10);
  });

  it('agrees with whole-number arithmetic and does not depend on the order', () => {
    const count = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(count, count, (b, c) => {
        const p = mcnemarExact(b, c);
        expect(p).toBeCloseTo(Math.min(1, 2 * tail(b + c, Math.min(b, c))), 9);
        expect(mcnemarExact(c, b)).toBe(p);
      }),
      { numRuns: 60 },
    );
  });

  it('stands counts whose powers of two underflow', () => {
    const p = mcnemarExact(1000, 900);
    // Normal approximation with continuity correction: z = 99/√1900 = 2.271, p = 0.0231.
    expect(p).toBeGreaterThan(0.022);
    expect(p).toBeLessThan(0.0245);
  });
});
