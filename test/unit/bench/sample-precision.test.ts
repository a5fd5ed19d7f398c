import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mantissaOf, roundSamples, scaleOf, valueOf } from '../../../src/bench/sample-precision.ts';

const samples = fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 20 });

describe('sample precision', () => {
  it.each([
    [
      [61.023_46, 7.123_456],
      [61.023, 7.123],
    ],
    [
      [1234.567, 1],
      [1234.6, 1],
    ],
    [[9.999_96], [10]],
    [[99_999.4], [99_999]],
    [[99_999.5], [100_000]],
    [[0.000_000_4], [0]],
    [[0], [0]],
  ])('rounds %j to %j', (raw, kept) => {
    expect(roundSamples(raw)).toEqual(kept);
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(samples, (raw) => {
        const once = roundSamples(raw);
        expect(roundSamples(once)).toEqual(once);
        expect(scaleOf(once)).toBe(scaleOf(raw));
      }),
      { numRuns: 2000 },
    );
  });

  it('loses at most half a unit of the fifth digit of the largest', () => {
    fc.assert(
      fc.property(samples, (raw) => {
        const step = valueOf(1, scaleOf(raw));
        roundSamples(raw).forEach((kept, index) => {
          expect(Math.abs(kept - (raw[index] ?? 0))).toBeLessThanOrEqual(step * 0.500_001);
        });
        const largest = Math.max(...raw);
        if (largest > 1) expect(step / largest).toBeLessThanOrEqual(1.000_1e-4);
      }),
      { numRuns: 2000 },
    );
  });

  it('gets every mantissa back from its value', () => {
    fc.assert(
      fc.property(fc.nat(99_999), fc.integer({ min: -6, max: 9 }), (mantissa, exponent) => {
        expect(mantissaOf(valueOf(mantissa, exponent), exponent)).toBe(mantissa);
      }),
      { numRuns: 5000 },
    );
  });
});
