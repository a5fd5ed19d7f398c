import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runTime, TimeLeft, type AnswerTimes } from '../../../../src/ui/calibration/run-time.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const times = fc
  .tuple(fc.double({ min: 1, max: 1e4, noNaN: true }), fc.double({ min: 1, max: 10, noNaN: true }))
  .map(([p50, factor]): AnswerTimes => ({ p50, p95: p50 * factor }));

describe('runTime', () => {
  it('is that of the slowest, and of the one that is asked as often as all', () => {
    const [fast, slow] = [
      { p50: 10, p95: 20 },
      { p50: 40, p95: 100 },
    ];
    expect(runTime([], 5, 1)).toBeNull();
    expect(runTime([fast], 10, 3)).toEqual({ low: 150, median: 300, high: 600 });
    // The fast one twice: 40; the slow one twice: 80.
    expect(runTime([fast, slow], 10, 1)).toEqual({ low: 200, median: 600, high: 2000 });
  });

  it('is in order, and grows with questions and answers', () => {
    fc.assert(
      fc.property(
        fc.array(times, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 1200 }),
        fc.integer({ min: 1, max: 20 }),
        (members, questions, samples) => {
          const one = runTime(members, questions, samples);
          const more = runTime(members, questions + 1, samples + 1);
          expect(one).not.toBeNull();
          if (one === null || more === null) return;
          expect(one.low).toBeLessThanOrEqual(one.median);
          expect(one.median).toBeLessThanOrEqual(one.high);
          expect(more.median).toBeGreaterThan(one.median);
        },
      ),
    );
  });
});

describe('TimeLeft', () => {
  it('says nothing before there is a pace, then what is left at it', () => {
    const clock = new VirtualClock();
    const pace = new TimeLeft(clock);
    for (let left = 20; left > 15; left -= 1) {
      expect(pace.step(left)).toBeNull();
      clock.advance(100);
    }
    expect(pace.step(15)).toEqual({ low: 1500, median: 1500, high: 1500 });
  });

  it('is less sure where steps differ', () => {
    const clock = new VirtualClock();
    const pace = new TimeLeft(clock);
    for (const ms of [100, 300, 50, 350, 200]) {
      pace.step(10);
      clock.advance(ms);
    }
    const left = pace.step(4);
    expect(left?.median).toBe(800);
    // 1.645 · √(16,250 · (4²/5 + 4)): the variance of the steps, in their mean and in those to come.
    expect(left?.high).toBeCloseTo(800 + 562.7, 1);
    expect(left?.low).toBeCloseTo(800 - 562.7, 1);
    expect(pace.step(0)).toMatchObject({ median: 0 });
  });
});
