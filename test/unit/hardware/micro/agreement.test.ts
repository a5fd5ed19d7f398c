import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { seededRandom, type Random } from '#kernel/random';
import type { MicroReading } from '#contracts/micro-bench';
import { isStable, isWarm, readingOf } from '../../../../src/hardware/micro/agreement.ts';

it('is warm when the last three runs agree within 3 %', () => {
  expect(isWarm([100, 100])).toBe(false);
  expect(isWarm([50, 100, 101, 102.9])).toBe(true);
  expect(isWarm([100, 101, 104])).toBe(false);
});

describe('a reading', () => {
  it('keeps all samples in their order, their median, and its interval', () => {
    const reading = readingOf([[3, 1, 2], [6], [5, 4]], 6);
    expect(reading).toEqual({ median: 3.5, low: 1, high: 6, samples: [3, 1, 2, 6, 5, 4], stable: false });
  });

  it('is stable when the interval is narrow and the visits agree', () => {
    expect(
      isStable(
        [
          [100, 101, 100],
          [100, 101, 102],
        ],
        6,
      ),
    ).toBe(true);
  });

  it.each([
    [
      'too few samples',
      [
        [100, 100],
        [100, 100, 100],
      ],
    ],
    ['all in one visit', [[100, 100, 100, 100, 100, 100]]],
    [
      'a wide interval',
      [
        [90, 100, 110],
        [90, 100, 110],
      ],
    ],
  ])('is not stable: %s', (_, visits) => {
    expect(isStable(visits, 6)).toBe(false);
  });

  it('is not stable when it drifts from visit to visit, however narrow the interval', () => {
    const visit = (level: number): number[] => Array.from({ length: 20 }, (_, index) => level + index / 1000);
    expect(isStable([visit(100), visit(100.5), visit(101)], 6)).toBe(true);
    expect(isStable([visit(98), visit(100), visit(100), visit(100), visit(103)], 6)).toBe(false);
  });

  it('lies within its interval, and its interval within its samples', () => {
    const visits = fc.array(fc.array(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), { minLength: 1 }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(visits, (all) => {
        const { median, low, high, samples } = readingOf(all, 6);
        expect(low).toBeLessThanOrEqual(median);
        expect(high).toBeGreaterThanOrEqual(median);
        expect(low).toBeGreaterThanOrEqual(Math.min(...samples));
        expect(high).toBeLessThanOrEqual(Math.max(...samples));
      }),
    );
  });
});

/** Standard normal (Box and Muller). */
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/**
 * A machine whose speed has a level of its own in each visit, and on which single repetitions lose time to other work;
 * measured as the schedule does it: until it is stable, which tempts chance at every visit.
 */
function measured(random: Random, noise: number, drift: number, slowShare: number): MicroReading {
  const visits: number[][] = [];
  while (visits.length < 4 || (visits.length < 12 && !isStable(visits, 6))) {
    const level = 100 * (1 + drift * normal(random));
    const repetition = (): number => {
      const slowed = random() < slowShare ? 1 - 0.5 * random() : 1;
      return level * slowed * (1 + noise * normal(random));
    };
    visits.push(Array.from({ length: 4 }, repetition));
  }
  return readingOf(visits, 6);
}

it.each([
  ['quiet', 0.005, 0.002, 0],
  ['noisy', 0.02, 0.005, 0.1],
  ['busy', 0.05, 0.02, 0.3],
  ['drifting', 0.01, 0.05, 0.1],
])(
  'two runs on a %s machine agree within a twentieth, or one of them says that it is not stable',
  (_, ...machine) => {
    const random = seededRandom(5);
    const pairs = Array.from({ length: 2000 }, () => [
      measured(random, ...machine),
      measured(random, ...machine),
    ]);
    const broken = pairs.filter(([a, b]) => {
      if (a === undefined || b === undefined || !a.stable || !b.stable) return false;
      return Math.abs(a.median / b.median - 1) > 0.05;
    });
    // Of two thousand.
    expect(broken.length).toBeLessThanOrEqual(2);
  },
);

it('calls a quiet machine stable nearly always', () => {
  const random = seededRandom(6);
  const stable = Array.from({ length: 500 }, () => measured(random, 0.01, 0.004, 0.03).stable).filter(
    Boolean,
  );
  expect(stable.length).toBeGreaterThan(475);
});
