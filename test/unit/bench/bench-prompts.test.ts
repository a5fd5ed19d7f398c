import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import { randomText } from '../../../src/bench/bench-prompts.ts';

describe('randomText', () => {
  it('has exactly the length asked for, and only words of small letters', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 300 }), (seed, length) => {
        const text = randomText(seededRandom(seed), length);
        expect(text).toHaveLength(length);
        expect(text).toMatch(/^[a-z]+( [a-z]+)*$/);
      }),
    );
  });
});
