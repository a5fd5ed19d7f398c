import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { BenchResultSchema } from '#contracts/bench';
import { canonicalise, makeResult } from '../../../src/bench/canonical-result.ts';
import { anyResult, typicalResult } from '../../fakes/bench-results.ts';

const { environment } = typicalResult();

function resultOf(
  tests: Parameters<typeof makeResult>[0]['tests'],
  visibleShare = 1,
): ReturnType<typeof makeResult> {
  return makeResult({ environment, visibleShare, warmupRuns: 9, repetitions: 6, tests });
}

describe('makeResult', () => {
  it('derives median, interval and coverage from the samples, in the order they came', () => {
    const [test] = resultOf([{ member: 'alder', test: 'tg64', samples: [12, 10, 11, 15, 13, 14] }]).tests;
    expect(test).toEqual({
      member: 'alder',
      test: 'tg64',
      unit: 'tokens/s',
      samples: [12, 10, 11, 15, 13, 14],
      median: 12.5,
      ci: [10, 15],
      coverage: 0.96875,
    });
  });

  it('keeps an outlier', () => {
    const [test] = resultOf([{ member: 'alder', test: 'ttft', samples: [20, 21, 20, 21, 20, 900] }]).tests;
    expect(test?.samples).toContain(900);
    expect(test?.ci[1]).toBe(900);
    expect(test?.unit).toBe('ms');
  });

  it('reports the widest spread of any test', () => {
    const { conditions } = resultOf([
      { member: 'alder', test: 'tg64', samples: [100, 100] },
      { member: 'alder', test: 'pp128', samples: [90, 100, 110] },
    ]);
    expect(conditions.spread).toBeCloseTo(0.2, 12);
  });

  it('gives drift in percent of the median per repetition, averaged over members, from decode alone', () => {
    const { conditions } = resultOf([
      { member: 'alder', test: 'tg64', samples: [102, 101, 100, 99, 98] },
      { member: 'birch', test: 'tg64', samples: [50, 50, 50, 50, 50] },
      { member: 'alder', test: 'pp128', samples: [1, 2, 3, 4, 5] },
    ]);
    expect(conditions.driftPercent).toBeCloseTo(-0.5, 10);
    expect(resultOf([{ member: 'a', test: 'pp128', samples: [1, 9] }]).conditions.driftPercent).toBe(0);
  });

  it('calls stable only what is tight and was always in front', () => {
    const tight = [{ member: 'a', test: 'tg64' as const, samples: [100, 101, 99, 100, 100, 102] }];
    const loose = [{ member: 'a', test: 'tg64' as const, samples: [100, 101, 99, 100, 100, 108] }];
    expect(resultOf(tight).conditions.stable).toBe(true);
    expect(resultOf(loose).conditions.stable).toBe(false);
    expect(resultOf(tight, 0.9999).conditions).toMatchObject({ stable: false, visibleShare: 0.999 });
  });

  it('stays finite when everything is 0', () => {
    const result = resultOf([{ member: 'a', test: 'tg64', samples: [0, 0, 0, 5] }]);
    expect(v.safeParse(BenchResultSchema, result).success).toBe(true);
    expect(Number.isFinite(result.conditions.spread)).toBe(true);
  });
});

describe('canonicalise', () => {
  it('changes nothing the second time and always satisfies the schema', () => {
    fc.assert(
      fc.property(anyResult, (raw) => {
        const once = canonicalise(raw);
        expect(canonicalise(once)).toEqual(once);
        expect(v.parse(BenchResultSchema, once)).toEqual(once);
        // Survives the trip through a stored record or a JSON document as it is.
        expect(JSON.parse(JSON.stringify(once))).toEqual(once);
      }),
      { numRuns: 500 },
    );
  });
});
