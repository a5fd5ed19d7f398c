import type { BenchResult, BenchTest, BenchTestName } from '#contracts/bench';

export interface TestGroup {
  readonly test: BenchTestName;
  readonly tests: readonly BenchTest[];
  /** Smallest and largest sample of all members. */
  readonly range: readonly [number, number];
}

/** The rows of a result, one group a test, in the order in which the result lists them. */
export function groupTests(result: BenchResult): readonly TestGroup[] {
  const names = [...new Set(result.tests.map((row) => row.test))];
  return names.map((test) => {
    const tests = result.tests.filter((row) => row.test === test);
    const samples = tests.flatMap((row) => row.samples);
    return { test, tests, range: [Math.min(...samples), Math.max(...samples)] };
  });
}
