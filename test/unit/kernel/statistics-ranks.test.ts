import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mannWhitneyU } from '#kernel/statistics-ranks';

/** Every choice of `size` positions out of `n`. */
function* choices(n: number, size: number, from = 0): Generator<number[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let first = from; first <= n - size; first += 1) {
    for (const rest of choices(n, size - 1, first + 1)) yield [first, ...rest];
  }
}

function uOf(first: readonly number[], second: readonly number[]): number {
  let u = 0;
  for (const a of first) for (const b of second) u += a > b ? 1 : a === b ? 0.5 : 0;
  return u;
}

/** Two-sided permutation p by listing every assignment of the pooled values. */
function byListing(first: readonly number[], second: readonly number[]): number {
  const pooled = [...first, ...second];
  const observed = uOf(first, second);
  let below = 0;
  let above = 0;
  let total = 0;
  for (const chosen of choices(pooled.length, first.length)) {
    const inside = new Set(chosen);
    const u = uOf(
      pooled.filter((_, index) => inside.has(index)),
      pooled.filter((_, index) => !inside.has(index)),
    );
    total += 1;
    if (u <= observed) below += 1;
    if (u >= observed) above += 1;
  }
  return Math.min(1, (2 * Math.min(below, above)) / total);
}

describe('mannWhitneyU', () => {
  it.each([
    [3, 0.1],
    [4, 2 / 70],
    [5, 2 / 252],
    [6, 2 / 924],
    [10, 2 / 184_756],
  ])('separates %i from %i completely with the smallest p there is', (n, smallest) => {
    const low = Array.from({ length: n }, (_, index) => index);
    const high = low.map((value) => value + 100);
    expect(mannWhitneyU(low, high)).toMatchObject({ u: 0, method: 'exact' });
    expect(mannWhitneyU(low, high).p).toBeCloseTo(smallest, 12);
    expect(mannWhitneyU(high, low).p).toBeCloseTo(smallest, 12);
  });

  it('gives what wilcox.test of R gives without ties', () => {
    // R: wilcox.test(c(0.80,0.83,1.89,1.04,1.45,1.38,1.91,1.64,0.73,1.46), c(1.15,0.88,0.90,0.74,1.21))
    // W = 35, p-value = 0.2544 (the example of its manual, two-sided)
    const x = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const y = [1.15, 0.88, 0.9, 0.74, 1.21];
    const { u, p } = mannWhitneyU(x, y);
    expect(u).toBe(35);
    expect(p).toBeCloseTo(0.2544, 4);
  });

  it('equals the listing of all assignments, ties included', () => {
    const sample = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sample, sample, (first, second) => {
        const { u, p } = mannWhitneyU(first, second);
        expect(u).toBe(uOf(first, second));
        expect(p).toBeCloseTo(byListing(first, second), 10);
      }),
      { numRuns: 150 },
    );
  });

  it('does not care which sample is named first, nor about the scale', () => {
    const sample = fc.array(fc.double({ min: 0.01, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sample, sample, (first, second) => {
        const there = mannWhitneyU(first, second);
        const back = mannWhitneyU(second, first);
        expect(back.p).toBeCloseTo(there.p, 10);
        expect(there.u + back.u).toBe(first.length * second.length);
        const doubled = mannWhitneyU(
          first.map((value) => value * 2),
          second.map((value) => value * 2),
        );
        expect(doubled).toEqual(there);
      }),
      { numRuns: 60 },
    );
  });

  it('finds no difference between equal samples', () => {
    expect(mannWhitneyU([5, 5, 5], [5, 5, 5]).p).toBe(1);
  });

  it('approximates beyond 120 values and meets the exact test at the border', () => {
    const first = Array.from({ length: 60 }, (_, index) => index * 2);
    const second = Array.from({ length: 60 }, (_, index) => index * 2 + 21);
    const exact = mannWhitneyU(first, second);
    expect(exact.method).toBe('exact');
    // Three values in the middle change little but force the approximation.
    const rough = mannWhitneyU([...first, 59.5], [...second, 71.5, 60.5]);
    expect(rough.method).toBe('normal-approximation');
    expect(Math.abs(rough.p - exact.p)).toBeLessThan(0.02);
    expect(exact.p).toBeGreaterThan(0.001);
    expect(exact.p).toBeLessThan(0.1);
  });

  it('knows the normal tail', () => {
    // z chosen through U: 100 against 100, U as for complete overlap but one shift; p stays a probability.
    const equal = Array.from({ length: 100 }, () => 1);
    expect(mannWhitneyU(equal, equal)).toEqual({ u: 5000, p: 1, method: 'normal-approximation' });
    const first = Array.from({ length: 100 }, (_, index) => index);
    const far = first.map((value) => value + 1000);
    expect(mannWhitneyU(first, far).p).toBeLessThan(1e-30);
  });
});
