import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LatencyEstimate } from '../../../../src/engines/remote/latency-estimate.ts';

it('knows nothing before the first sample, so that every server is tried', () => {
  const estimate = new LatencyEstimate();
  expect(estimate.expectedMs(1e9)).toBe(0);
});

it('follows the samples with weight 0.3', () => {
  const estimate = new LatencyEstimate();
  estimate.add(100, 0);
  expect(estimate.expectedMs(0)).toBe(100);
  estimate.add(200, 0);
  expect(estimate.expectedMs(0)).toBeCloseTo(130, 9);
});

it('fades by half a minute for minute, so that a slow server gets another chance', () => {
  const estimate = new LatencyEstimate();
  estimate.add(800, 5_000);
  expect(estimate.expectedMs(65_000)).toBeCloseTo(400, 9);
  expect(estimate.expectedMs(185_000)).toBeCloseTo(100, 9);
  estimate.add(800, 185_000);
  expect(estimate.expectedMs(185_000)).toBe(800);
});

it('stays between the smallest and the largest sample', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60_000), { minLength: 1 }), (samples) => {
      const estimate = new LatencyEstimate();
      for (const sample of samples) estimate.add(sample, 0);
      expect(estimate.expectedMs(0)).toBeGreaterThanOrEqual(Math.min(...samples) - 1e-6);
      expect(estimate.expectedMs(0)).toBeLessThanOrEqual(Math.max(...samples) + 1e-6);
    }),
  );
});
