import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cpuBatchTokens } from '../../../src/contracts/prompt-batch.ts';

it.each([
  ['a starter model', 0.9e6, 1, 64],
  ['30 M parameters', 17.2e6, 1, 32],
  ['30 M parameters, two threads', 17.2e6, 2, 64],
  ['135 M parameters', 77e6, 1, 8],
  ['135 M parameters, four threads', 77e6, 4, 24],
  ['1 B parameters', 808e6, 1, 8],
])('%s takes about half a second’s work at once', (_name, weightBytes, threads, tokens) => {
  expect(cpuBatchTokens(weightBytes, threads)).toBe(tokens);
});

it('is a multiple of eight between 8 and 64, and never grows with the model', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4e9 }),
      fc.integer({ min: 0, max: 4e9 }),
      fc.integer({ min: 1, max: 32 }),
      (one, other, threads) => {
        const [smaller, larger] = [Math.min(one, other), Math.max(one, other)];
        const tokens = cpuBatchTokens(larger, threads);
        expect(tokens % 8).toBe(0);
        expect(tokens).toBeGreaterThanOrEqual(8);
        expect(tokens).toBeLessThanOrEqual(cpuBatchTokens(smaller, threads));
        expect(cpuBatchTokens(smaller, threads)).toBeLessThanOrEqual(64);
      },
    ),
  );
});
