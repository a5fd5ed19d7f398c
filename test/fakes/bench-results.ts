import * as fc from 'fast-check';
import { BENCH_TESTS, type BenchResult } from '#contracts/bench';
import { canonicalise } from '../../src/bench/canonical-result.ts';

const DECODE = [61.02, 60.4, 62.18, 59.87, 61.5, 60.93];

/** A result as three starter members on a two-core machine would give it; figures vary by member. */
export function typicalResult(
  change: (result: BenchResult) => BenchResult = (result) => result,
): BenchResult {
  const tests = BENCH_TESTS.flatMap((test) =>
    ['alder', 'birch', 'cedar'].map((member, index) => ({
      member,
      test,
      unit: test === 'ttft' ? ('ms' as const) : ('tokens/s' as const),
      samples: DECODE.map((sample) => sample * (index + 1) * (test === 'pp128' ? 30 : 1)),
      median: 0,
      ci: [0, 0] as [number, number],
      coverage: 0,
    })),
  );
  return canonicalise(
    change({
      schema: 'witan.bench',
      version: 1,
      suite: 'quick-1',
      environment: {
        app: '0.1.0',
        day: 20_778,
        browser: 'Headless Chrome 147',
        os: 'Linux',
        cores: 2,
        deviceMemoryGiB: 16,
        gpu: 'none',
        tier: 'low',
        isolated: true,
        clockStepUs: 5,
        refreshIntervalMs: 16.667,
        council: '00c0ffee',
        threads: 2,
      },
      conditions: {
        visibleShare: 1,
        warmupRuns: 31,
        repetitions: 6,
        driftPercent: 0,
        spread: 0,
        stable: true,
      },
      tests,
    }),
  );
}

const anyNumber = fc.oneof(fc.double({ noNaN: true }), fc.nat(100_000), fc.constantFrom(0, 0.25, 1e300, -5));
const sample = fc.oneof(
  fc.double({ min: 0, max: 1e9, noNaN: true }),
  fc.double({ min: 0, max: 200, noNaN: true }),
  fc.constantFrom(0, 9.99996, 99_999.5, 0.000_000_4, 1000),
);
const label = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 90 }),
  fc.constantFrom('Firefox 145', '', ' a  b ', 'a\u202eb', '\ud800x', '中文浏览器'),
);

/** Anything the schema lets through, canonical or not. */
export const anyResult: fc.Arbitrary<BenchResult> = fc.record({
  schema: fc.constant('witan.bench' as const),
  version: fc.constant(1 as const),
  suite: fc.constant('quick-1' as const),
  environment: fc.record({
    app: label,
    day: anyNumber,
    browser: label,
    os: label,
    cores: fc.option(anyNumber),
    deviceMemoryGiB: fc.option(anyNumber),
    gpu: label,
    tier: fc.constantFrom('low' as const, 'mid' as const, 'high' as const),
    isolated: fc.boolean(),
    clockStepUs: anyNumber,
    refreshIntervalMs: anyNumber,
    council: fc.oneof(fc.stringMatching(/^[0-9a-f]{8}$/), label),
    threads: anyNumber,
  }),
  conditions: fc.record({
    visibleShare: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
    warmupRuns: anyNumber,
    repetitions: anyNumber,
    driftPercent: anyNumber,
    spread: anyNumber,
    stable: fc.boolean(),
  }),
  tests: fc.array(
    fc.record({
      member: label,
      test: fc.constantFrom(...BENCH_TESTS),
      unit: fc.constantFrom('tokens/s' as const, 'ms' as const),
      samples: fc.array(sample, { minLength: 1, maxLength: 60 }),
      median: anyNumber,
      ci: fc.tuple(anyNumber, anyNumber),
      coverage: anyNumber,
    }),
    { minLength: 1, maxLength: 12 },
  ),
});
