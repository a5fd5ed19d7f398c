import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { EstimateSchema } from '#contracts/estimate';
import { cardName, foretoldOf, holdsHere } from '../../../src/capacity/measured-model.ts';
import { adapter } from '../../fakes/hardware-profiles.ts';
import { modelMeasurement, speedRun } from '../../fakes/model-measurement.ts';

describe('what was measured of a model', () => {
  it('is its median, for the question that was asked', () => {
    expect(foretoldOf(modelMeasurement())).toMatchObject({
      method: 'measured',
      promptTokens: 260,
      tokensPerSecond: { median: 20, low: 18, high: 22 },
      ttft: { median: 450, low: 405 },
      pace: 'fluent',
      caveats: [],
    });
  });

  it('that did not agree is less sure, and says so', () => {
    const unsteady = foretoldOf(modelMeasurement({ stable: false }));
    expect(unsteady).toMatchObject({
      tokensPerSecond: { median: 20, low: 16, high: 24 },
      caveats: ['unstable'],
    });
    const wild = foretoldOf(
      modelMeasurement({ stable: false, runs: [speedRun(20), speedRun(5), speedRun(60)] }),
    );
    expect(wild.tokensPerSecond).toMatchObject({ median: 20, low: 5 });
    expect(wild.tokensPerSecond?.high).toBeCloseTo(60, 6);
  });

  it('always has an interval around all that was seen', () => {
    const speed = fc.double({ min: 0.01, max: 1000, noNaN: true });
    fc.assert(
      fc.property(fc.array(speed, { minLength: 1, maxLength: 5 }), fc.boolean(), (speeds, stable) => {
        const runs = speeds.map((each) => speedRun(each, { firstTokenMs: 5000 / each }));
        const { tokensPerSecond, ttft } = foretoldOf({ runs, stable });
        for (const estimate of [tokensPerSecond, ttft])
          expect(v.parse(EstimateSchema, estimate)).toEqual(estimate);
        for (const { decodeMs } of runs) {
          expect(1000 / decodeMs).toBeGreaterThanOrEqual(tokensPerSecond?.low ?? Infinity);
          expect(1000 / decodeMs).toBeLessThanOrEqual(tokensPerSecond?.high ?? 0);
        }
      }),
    );
  });
});

describe('a measurement', () => {
  const here = { userAgent: 'a browser', card: 'nvidia | ampere' };
  it.each([
    [{}, true],
    [{ userAgent: 'its next version' }, false],
    [{ card: 'intel' }, false],
  ])('holds for the same browser on the same card: %o', (change, holds) => {
    expect(holdsHere(modelMeasurement({ ...here, ...change }), here)).toBe(holds);
  });

  it('names a card by what the browser says of it', () => {
    const told = { vendor: 'nvidia', architecture: '', device: '', description: 'RTX' };
    expect(cardName(adapter(told))).toBe('nvidia | RTX');
    expect(cardName(adapter({ vendor: '', architecture: '', device: '', description: '' }))).toBe('');
  });
});
