import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#kernel/random';
import type { BenchComparison, BenchResult, BenchTestName } from '#contracts/bench';
import { makeResult } from '../../../src/bench/canonical-result.ts';
import { compare, isComparable } from '../../../src/bench/compare.ts';
import { typicalResult } from '../../fakes/bench-results.ts';

const BASE = [100, 101, 99, 100.5, 99.5, 100.2];

function resultOf(
  samples: readonly number[],
  test: BenchTestName = 'tg64',
  council = '00c0ffee',
): BenchResult {
  return makeResult({
    environment: { ...typicalResult().environment, council },
    visibleShare: 1,
    warmupRuns: 3,
    repetitions: samples.length,
    tests: [{ member: 'alder', test, samples: [...samples] }],
  });
}

function only(comparisons: readonly BenchComparison[]): BenchComparison {
  const [first, ...rest] = comparisons;
  if (first === undefined || rest.length > 0) throw new Error('one comparison was expected');
  return first;
}

const times = (factor: number): number[] => BASE.map((sample) => sample * factor);

describe('compare', () => {
  it('calls twice the speed faster and half the speed slower', () => {
    const faster = only(compare(resultOf(BASE), resultOf(times(2))));
    expect(faster).toMatchObject({ member: 'alder', test: 'tg64', unit: 'tokens/s', verdict: 'faster' });
    expect(faster.ratio).toBeCloseTo(2, 3);
    expect(faster.p).toBeCloseTo(2 / 924, 8);
    expect(faster.ratioCi[0]).toBeGreaterThan(1.9);
    expect(faster.theirs).toBeCloseTo(100.1, 3);
    expect(faster.ours).toBeCloseTo(200.2, 3);
    expect(only(compare(resultOf(times(2)), resultOf(BASE))).verdict).toBe('slower');
  });

  it('turns round for the time to the first token, where less is faster', () => {
    expect(only(compare(resultOf(BASE, 'ttft'), resultOf(times(2), 'ttft'))).verdict).toBe('slower');
    expect(only(compare(resultOf(BASE, 'ttft'), resultOf(times(0.5), 'ttft'))).verdict).toBe('faster');
  });

  it('does not call a difference within 3 % one, however certain it is', () => {
    const tight = [100, 100.01, 99.99, 100, 100.02, 99.98];
    const near = only(compare(resultOf(tight), resultOf(tight.map((sample) => sample * 1.02))));
    expect(near.p).toBeLessThan(0.01);
    expect(near.verdict).toBe('not-distinguishable');
  });

  it('does not call a large difference one that chance could make', () => {
    const few = only(compare(resultOf([100, 101, 99]), resultOf([200, 201, 199])));
    expect(few.p).toBeCloseTo(0.1, 10);
    expect(few.verdict).toBe('not-distinguishable');
    const mixed = only(compare(resultOf(BASE), resultOf([50, 210, 205, 60, 200, 70])));
    expect(mixed.verdict).toBe('not-distinguishable');
  });

  it('finds no difference from itself', () => {
    for (const each of compare(typicalResult(), typicalResult())) {
      expect(each).toMatchObject({ ratio: 1, p: 1, verdict: 'not-distinguishable' });
    }
    expect(compare(typicalResult(), typicalResult())).toHaveLength(9);
  });

  it('compares only what both measured, and only the same models', () => {
    expect(compare(resultOf(BASE, 'pp128'), resultOf(BASE, 'tg64'))).toEqual([]);
    const others = resultOf(BASE, 'tg64', 'deadbeef');
    expect(isComparable(others, resultOf(BASE))).toBe(false);
    expect(compare(others, resultOf(times(2)))).toEqual([]);
  });

  it('leaves out a test in which theirs has a 0', () => {
    expect(compare(resultOf([0, 100, 100]), resultOf(BASE))).toEqual([]);
  });

  it('is antisymmetric: who is faster for one is slower for the other', () => {
    const opposite = {
      faster: 'slower',
      slower: 'faster',
      'not-distinguishable': 'not-distinguishable',
    } as const;
    const samples = fc.array(fc.integer({ min: 50, max: 300 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(samples, samples, (a, b) => {
        const there = only(compare(resultOf(a), resultOf(b)));
        const back = only(compare(resultOf(b), resultOf(a)));
        expect(back.p).toBeCloseTo(there.p, 10);
        expect(back.ratio).toBeCloseTo(1 / there.ratio, 10);
        // Near ±3 % the interval of the inverse ratio may fall on the other side of its own limit.
        const margin = Math.min(Math.abs(there.ratioCi[0] - 1.03), Math.abs(there.ratioCi[1] - 0.97));
        if (margin > 0.01) expect(back.verdict).toBe(opposite[there.verdict]);
      }),
      // A fixed seed: the ends of a bootstrap interval of six values jump, and may jump across a limit.
      { numRuns: 30, seed: 1 },
    );
  });

  it('calls equal devices different less often than once in a hundred times', () => {
    const random = seededRandom(11);
    const run = (): number[] => Array.from({ length: 6 }, () => 100 + 20 * (random() + random() - 1));
    let different = 0;
    for (let pair = 0; pair < 150; pair += 1) {
      if (only(compare(resultOf(run()), resultOf(run()))).verdict !== 'not-distinguishable') different += 1;
    }
    expect(different).toBeLessThanOrEqual(4); // 150 × 1 % = 1.5, plus two standard deviations
  });
});
