import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { PredictionVerdictSchema, type PredictionVerdict } from '#contracts/capacity';
import { seededRandom } from '#kernel/random';
import {
  correctionOf,
  isStale,
  recordOf,
  verdictsOf,
  type Foretold,
  type RealRun,
} from '../../../src/capacity/prediction-record.ts';
import { decodeVerdict } from '../../fakes/prediction-verdicts.ts';

const FORETOLD: Foretold = {
  id: 'one',
  name: 'One',
  backend: 'cpu',
  promptTokens: 100,
  tokensPerSecond: { median: 20, low: 18, high: 22 },
  ttft: { median: 500, low: 400, high: 1000 },
  memory: { median: 1e8, low: 0.9e8, high: 1.1e8 },
};

const RUN: RealRun = {
  atMs: 7,
  backend: 'cpu',
  promptTokens: 110,
  completionTokens: 40,
  timeToFirstTokenMs: 440,
  decodeTokensPerSecond: 19,
  memoryBytes: 1.05e8,
  promptReused: false,
  disturbed: false,
};

const whatOf = (foretold: Foretold, run: RealRun): string[] =>
  verdictsOf(foretold, run).map(({ what }) => what);

describe('verdictsOf', () => {
  it('sets each figure beside what came of it', () => {
    const verdicts = verdictsOf(FORETOLD, RUN);
    const common = { schema: 'witan.prediction-verdict', version: 1, atMs: 7, modelId: 'one', name: 'One' };
    const run = { ...common, backend: 'cpu', promptTokens: 110 };
    expect(verdicts).toEqual([
      { ...run, what: 'decode', predicted: FORETOLD.tokensPerSecond, measured: 19 },
      // 100 tokens in 500 (400 to 1,000) ms; 110 tokens in 440 ms.
      { ...run, what: 'prefill', predicted: { median: 200, low: 100, high: 250 }, measured: 250 },
      { ...run, what: 'memory', predicted: FORETOLD.memory, measured: 1.05e8 },
    ]);
    for (const verdict of verdicts) expect(v.safeParse(PredictionVerdictSchema, verdict).success).toBe(true);
  });

  it('remembers by what a speed had been corrected', () => {
    const corrections = verdictsOf(FORETOLD, RUN, 0.8).map(({ correction }) => correction);
    expect(corrections).toEqual([0.8, 0.8, undefined]);
  });

  it('says nothing of figures that are missing on either side', () => {
    expect(whatOf({ ...FORETOLD, tokensPerSecond: null, ttft: null }, RUN)).toEqual(['memory']);
    const silent = { timeToFirstTokenMs: null, decodeTokensPerSecond: null, memoryBytes: null };
    expect(whatOf(FORETOLD, { ...RUN, ...silent })).toEqual([]);
  });

  it('makes no verdict of a run that is no answer to the prediction', () => {
    expect(whatOf(FORETOLD, { ...RUN, backend: 'webgpu' })).toEqual([]);
    expect(whatOf(FORETOLD, { ...RUN, disturbed: true })).toEqual(['memory']);
    expect(whatOf(FORETOLD, { ...RUN, replayed: true })).toEqual(['memory']);
    expect(whatOf(FORETOLD, { ...RUN, completionTokens: 7 })).toEqual(['prefill', 'memory']);
    expect(whatOf(FORETOLD, { ...RUN, promptReused: true })).toEqual(['decode', 'memory']);
    expect(whatOf(FORETOLD, { ...RUN, promptTokens: 126 })).toEqual(['decode', 'memory']);
    expect(whatOf(FORETOLD, { ...RUN, promptTokens: 79 })).toEqual(['decode', 'memory']);
    expect(whatOf(FORETOLD, { ...RUN, promptTokens: 125 })).toEqual(['decode', 'prefill', 'memory']);
  });

  it('is always one that can be kept, whatever the figures are', () => {
    const figure = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e12, noNaN: true }));
    const estimate = fc.option(
      fc.tuple(figure, figure, figure).map((all) => {
        const [low = 0, median = 0, high = 0] = [...all].sort((a, b) => a - b);
        return { low, median, high };
      }),
    );
    const tokens = fc.nat(5000);
    const measured = fc.option(figure);
    fc.assert(
      fc.property(
        fc.record({ tokensPerSecond: estimate, ttft: estimate, memory: estimate, promptTokens: tokens }),
        fc.record({
          promptTokens: tokens,
          completionTokens: tokens,
          timeToFirstTokenMs: measured,
          decodeTokensPerSecond: measured,
          memoryBytes: measured,
        }),
        (foretold, run) => {
          for (const verdict of verdictsOf({ ...FORETOLD, ...foretold }, { ...RUN, ...run }, 1.1))
            expect(v.safeParse(PredictionVerdictSchema, verdict).success).toBe(true);
        },
      ),
    );
  });
});

describe('recordOf', () => {
  it('has no figure without a run', () => {
    expect(recordOf([])).toEqual({ verdicts: [], medianError: null, covered: null, kinds: [] });
  });

  it('puts the newest first, and tells the median error and how many intervals held', () => {
    // |20/20 − 1| = 0, |20/25 − 1| = 0.2, |20/16 − 1| = 0.25; 25 and 16 lie outside 18 to 22.
    const verdicts = [decodeVerdict(1, 1), decodeVerdict(1.25, 3), decodeVerdict(0.8, 2)];
    const record = recordOf(verdicts);
    expect(record.verdicts.map(({ atMs }) => atMs)).toEqual([3, 2, 1]);
    expect(record.medianError).toBeCloseTo(0.2, 12);
    expect(record.covered).toBeCloseTo(1 / 3, 12);
    expect(verdicts[0]?.atMs).toBe(1);
  });

  it('counts the ends of the interval as inside', () => {
    expect(recordOf([decodeVerdict(0.9, 1), decodeVerdict(1.1, 2)]).covered).toBe(1);
  });

  it('scores each kind of figure by itself: exact bytes make no speed more right', () => {
    const memory = decodeVerdict(1, 4, { what: 'memory' });
    const { kinds } = recordOf([decodeVerdict(1.25, 3), memory, memory]);
    expect(kinds).toMatchObject([
      { what: 'decode', runs: 1, covered: 0 },
      { what: 'memory', runs: 2, medianError: 0, covered: 1 },
    ]);
    expect(kinds[0]?.medianError).toBeCloseTo(0.2, 12);
  });

  it('bears a run that measured nothing', () => {
    expect(recordOf([decodeVerdict(0, 1)])).toMatchObject({ medianError: null, covered: 0 });
  });
});

const runs = (ratios: readonly number[], change: Partial<PredictionVerdict> = {}): PredictionVerdict[] =>
  ratios.map((ratio, index) => decodeVerdict(ratio, 100 + index, change));

describe('correctionOf', () => {
  it('is 1 without a run, and for runs that say nothing of it', () => {
    expect(correctionOf([], 'cpu')).toBe(1);
    expect(correctionOf(runs([2, 2, 2]), 'webgpu')).toBe(1);
    expect(correctionOf(runs([2, 2, 2], { what: 'prefill' }), 'cpu')).toBe(1);
    expect(correctionOf(runs([2, 2, 2]), 'cpu', 103)).toBe(1);
    expect(correctionOf(runs([0, 0]), 'cpu')).toBe(1);
  });

  it('believes few runs less: a sixth of one, half of five', () => {
    expect(correctionOf(runs([0.8]), 'cpu')).toBeCloseTo(0.8 ** (1 / 6), 12);
    expect(correctionOf(runs([0.8, 0.8, 0.8, 0.8, 0.8]), 'cpu')).toBeCloseTo(0.8 ** 0.5, 12);
  });

  it('counts the newest five of each model, so that none speaks for all', () => {
    const favourite = runs(Array.from({ length: 40 }, () => 0.6));
    // Five of the favourite and six of two others: the median is theirs.
    const others = [
      ...runs([1.1, 1.1, 1.1], { modelId: 'two' }),
      ...runs([1.1, 1.1, 1.1], { modelId: 'six' }),
    ];
    expect(correctionOf([...favourite, ...others], 'cpu')).toBeCloseTo(1.1 ** (11 / 16), 12);
    const changed = runs([2, 2, 2, 1.2, 1.2, 1.2, 1.2, 1.2]);
    expect(correctionOf(changed, 'cpu')).toBeCloseTo(1.2 ** 0.5, 12);
  });

  it('is not led by one wild run', () => {
    expect(correctionOf(runs([1, 1, 0.01, 1, 1]), 'cpu')).toBe(1);
  });

  it('settles where the predictions are right, and does not undo itself', () => {
    // The device is slower than the model says by a fifth; each prediction is corrected by what came before.
    const found: PredictionVerdict[] = [];
    let correction = 1;
    for (let run = 0; run < 30; run += 1) {
      const predicted = { median: 20 * correction, low: 18 * correction, high: 22 * correction };
      found.push(decodeVerdict(0.8, run, { modelId: `m${run % 6}`, predicted, correction }));
      const next = correctionOf(found, 'cpu');
      expect(next).toBeLessThanOrEqual(correction);
      correction = next;
    }
    // 30 runs count: 6/7 of the error on the scale of logarithms.
    expect(correction).toBeCloseTo(0.8 ** (30 / 35), 12);
  });

  it('is between one half and two, and a number, whatever was measured', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 60 }), (ratios) => {
        const verdicts = ratios.map((ratio, index) =>
          decodeVerdict(ratio, index, { modelId: `m${index % 9}` }),
        );
        const correction = correctionOf(verdicts, 'cpu');
        expect(correction).toBeGreaterThanOrEqual(0.5);
        expect(correction).toBeLessThanOrEqual(2);
      }),
    );
  });
});

describe('isStale', () => {
  it('does not tell from too few runs', () => {
    expect(isStale(runs([3, 3, 3, 3, 3, 3, 3]), 'cpu')).toMatchObject({ stale: false, reason: 'none' });
    expect(isStale(runs([3, 3, 3, 3, 3, 3, 3, 3]), 'cpu', 101)).toMatchObject({ stale: false });
    expect(isStale(runs([3, 3, 3, 3, 3, 3, 3, 3]), 'webgpu')).toMatchObject({ stale: false });
  });

  it('sees that too few intervals hold', () => {
    // P(Bin(8, 0.9) ≤ 4) = 0.0050; P(≤ 5) = 0.0381.
    const four = isStale(runs([1, 1, 1, 1, 1.5, 1.5, 1.5, 1.5]), 'cpu');
    expect(four).toMatchObject({ stale: true, reason: 'outside' });
    expect(four.detail).toContain('4 of the last 8');
    expect(isStale(runs([1.5, 1, 1, 1.5, 1, 1, 1, 1.5]), 'cpu')).toMatchObject({ stale: false });
    // P(Bin(20, 0.9) ≤ 14) = 0.0113; P(≤ 13) = 0.0024.
    const mixed = (hits: number): PredictionVerdict[] =>
      runs(Array.from({ length: 20 }, (_, index) => ((index * 7) % 20 < hits ? 1 : 1.5)));
    expect(isStale(mixed(14), 'cpu').stale).toBe(false);
    expect(isStale(mixed(13), 'cpu').stale).toBe(true);
  });

  it('forgets what lies before the newest twenty', () => {
    const long = [...Array.from({ length: 30 }, () => 3), ...Array.from({ length: 20 }, () => 1)];
    expect(isStale(runs(long), 'cpu').stale).toBe(false);
  });

  const WIDE = { predicted: { median: 20, low: 10, high: 40 } };
  const drift = (index: number): number => 1 / (1 + 0.012 * index);

  it('sees errors that grow while intervals still hold', () => {
    const growing = isStale(
      runs(
        Array.from({ length: 20 }, (_, index) => drift(index)),
        WIDE,
      ),
      'cpu',
    );
    expect(growing).toMatchObject({ stale: true, reason: 'growing' });
    // Errors 0, 1.2, 2.4 … 22.8 %: medians 5.4 and 17.4 %.
    expect(growing.detail).toContain('from 5 % to 17 %');
  });

  it('takes errors that shrink, stay small, or stay large within their interval for no sign', () => {
    const shrinking = Array.from({ length: 20 }, (_, index) => drift(19 - index));
    expect(isStale(runs(shrinking, WIDE), 'cpu').stale).toBe(false);
    const small = Array.from({ length: 20 }, (_, index) => 1 / (1 + 0.004 * index));
    expect(isStale(runs(small, WIDE), 'cpu').stale).toBe(false);
    expect(
      isStale(
        runs(
          Array.from({ length: 20 }, () => 0.8),
          WIDE,
        ),
        'cpu',
      ).stale,
    ).toBe(false);
  });

  it('raises at most a few false alarms of a hundred where runs only vary', () => {
    const random = seededRandom(17);
    let alarms = 0;
    for (let trial = 0; trial < 1000; trial += 1) {
      // One of ten lies outside, as promised.
      const ratios = Array.from({ length: 20 }, () => Math.exp((random() - 0.5) * (0.19 / 0.9)));
      if (isStale(runs(ratios), 'cpu').stale) alarms += 1;
    }
    expect(alarms).toBeLessThan(20);
  });
});
