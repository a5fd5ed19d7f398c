import { medianRatioInterval } from '#kernel/statistics-bootstrap';
import { median } from '#kernel/statistics-order';
import { mannWhitneyU } from '#kernel/statistics-ranks';
import type { BenchComparison, BenchResult, BenchTest } from '#contracts/bench';

/** Two conditions for "different" (benchmarks research §2.2): a rank test at 1 %, and an effect beyond ±3 %. */
const SIGNIFICANCE = 0.01;
const NEGLIGIBLE = 0.03;

/** Fixed, so that two people who open the same link read the same interval. */
const BOOTSTRAP_SEED = 1;

/** Same suite on the same models (by hash): only then do two results say something about two devices. */
export function isComparable(theirs: BenchResult, ours: BenchResult): boolean {
  return theirs.suite === ours.suite && theirs.environment.council === ours.environment.council;
}

function verdictOf(
  unit: BenchTest['unit'],
  p: number,
  low: number,
  high: number,
): BenchComparison['verdict'] {
  const more = low > 1 + NEGLIGIBLE;
  const less = high < 1 - NEGLIGIBLE;
  if (p >= SIGNIFICANCE || !(more || less)) return 'not-distinguishable';
  // More tokens/s is faster; more milliseconds to the first token is slower.
  return more === (unit === 'tokens/s') ? 'faster' : 'slower';
}

function compareTest(theirs: BenchTest, ours: BenchTest): BenchComparison {
  const { low, high } = medianRatioInterval(ours.samples, theirs.samples, { seed: BOOTSTRAP_SEED });
  const { p } = mannWhitneyU(ours.samples, theirs.samples);
  return {
    member: ours.member,
    test: ours.test,
    unit: ours.unit,
    theirs: median(theirs.samples),
    ours: median(ours.samples),
    ratio: median(ours.samples) / median(theirs.samples),
    ratioCi: [low, high],
    p,
    verdict: verdictOf(ours.unit, p, low, high),
  };
}

/**
 * Answers, test by test, whether ours is faster than theirs, slower, or not distinguishable. Tests that only one side
 * has are left out, as are tests in which a sample of theirs is 0 (no ratio exists).
 * @returns empty when the two are not comparable, see `isComparable`
 */
export function compare(theirs: BenchResult, ours: BenchResult): readonly BenchComparison[] {
  if (!isComparable(theirs, ours)) return [];
  return ours.tests.flatMap((mine) => {
    const other = theirs.tests.find(({ member, test }) => member === mine.member && test === mine.test);
    return other === undefined || other.samples.some((sample) => sample <= 0)
      ? []
      : [compareTest(other, mine)];
  });
}
