import { describe, expect, it } from 'vitest';
import { PrefillStep } from '../../../../workers/inference/web-llm-prefill-step.ts';

function warm(most: number): PrefillStep {
  const step = new PrefillStep(most);
  step.took(most, 60_000);
  return step;
}

describe('the size of a step', () => {
  it('is bounded by the library', () => {
    expect(new PrefillStep(1024).tokens).toBe(128);
    expect(new PrefillStep(64).tokens).toBe(64);
  });

  it('does not heed the first step, which also builds kernels', () => {
    expect(warm(1024).tokens).toBe(128);
  });

  it('stays where it is on a device that is fast enough', () => {
    const step = warm(1024);
    for (const elapsedMs of [1, 80, 300, 500, 499, 20]) step.took(128, elapsedMs);
    expect(step.tokens).toBe(128);
  });

  it('is halved while steps are long, down to a floor', () => {
    const step = warm(1024);
    const sizes = [0, 1, 2, 3, 4].map(() => {
      step.took(step.tokens, 501);
      return step.tokens;
    });
    expect(sizes).toEqual([64, 32, 16, 16, 16]);
  });

  it('never goes above what the library allows, also where that is below the floor', () => {
    const step = warm(8);
    step.took(8, 5_000);
    expect(step.tokens).toBe(8);
  });

  it('grows again when there is time to spare, after full steps only', () => {
    const step = warm(1024);
    step.took(128, 900);
    step.took(20, 10);
    expect(step.tokens).toBe(64);
    step.took(64, 124);
    expect(step.tokens).toBe(128);
  });

  it('does not swing between two sizes', () => {
    const step = warm(1024);
    const msOf = (tokens: number): number => tokens * 5; // 640 ms for 128, 320 for 64
    const sizes = Array.from({ length: 8 }, () => {
      step.took(step.tokens, msOf(step.tokens));
      return step.tokens;
    });
    expect(new Set(sizes)).toEqual(new Set([64]));
  });
});
