import type { BenchResult, BenchTest, BenchTestName } from '#contracts/bench';

export interface TestGroup {
  readonly test: BenchTestName;
  readonly tests: readonly BenchTest[];
}

/** The rows of a result, one group a test, in the order in which the result lists them. */
export function groupTests(result: BenchResult): readonly TestGroup[] {
  const names = [...new Set(result.tests.map((row) => row.test))];
  return names.map((test) => {
    const tests = result.tests.filter((row) => row.test === test);
    return { test, tests };
  });
}

/** Calm results would otherwise look wild: the axis of the sample strips is never narrower than this. */
const SMALLEST_REACH = 0.05;

/** Largest deviation of any sample from the median of its test, as a share of the median. */
export function stripReach(result: BenchResult): number {
  const deviations = result.tests
    .filter((row) => row.median > 0)
    .flatMap((row) => row.samples.map((sample) => Math.abs(sample - row.median) / row.median));
  return Math.max(SMALLEST_REACH, ...deviations);
}
