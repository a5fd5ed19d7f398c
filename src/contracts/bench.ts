import * as v from 'valibot';

/** Quick-suite tests, named as llama-bench does: pp = prompt processing (prefill), tg = token generation (decode). */
export const BENCH_TESTS = ['pp128', 'tg64', 'ttft'] as const;
export type BenchTestName = (typeof BENCH_TESTS)[number];

export const BenchTestSchema = v.object({
  /** `<member>/<test>`, e.g. `alder/tg64`. */
  member: v.string(),
  test: v.picklist(BENCH_TESTS),
  unit: v.picklist(['tokens/s', 'ms']),
  /** Raw samples in the order they were taken; none is ever dropped. */
  samples: v.pipe(v.array(v.pipe(v.number(), v.finite(), v.minValue(0))), v.minLength(1), v.maxLength(60)),
  median: v.number(),
  /** Interval of the median from order statistics: for 6 samples min to max covers 96.9 %. */
  ci: v.tuple([v.number(), v.number()]),
  /** Coverage of `ci`, 0..1. */
  coverage: v.number(),
});
export type BenchTest = v.InferOutput<typeof BenchTestSchema>;

export const BenchEnvironmentSchema = v.object({
  app: v.string(),
  /** Whole days since the Unix epoch: a link tells the day, not the minute. */
  day: v.number(),
  browser: v.string(),
  os: v.string(),
  cores: v.nullable(v.number()),
  deviceMemoryGiB: v.nullable(v.number()),
  gpu: v.string(),
  tier: v.picklist(['low', 'mid', 'high']),
  isolated: v.boolean(),
  clockStepUs: v.number(),
  refreshIntervalMs: v.number(),
  /** First eight hexadecimal digits of the SHA-256 of all member hashes: what was run. */
  council: v.string(),
  threads: v.number(),
});

export const BenchConditionsSchema = v.object({
  /** Share of the run during which the tab was visible, 0..1. A hidden repetition is void. */
  visibleShare: v.number(),
  warmupRuns: v.number(),
  repetitions: v.number(),
  /** Linear trend of the interleaved decode samples, percent of the median per repetition. */
  driftPercent: v.number(),
  /** Largest relative spread (max−min)/median of any test. */
  spread: v.number(),
  stable: v.boolean(),
});

export const BenchResultSchema = v.object({
  schema: v.literal('witan.bench'),
  version: v.literal(1),
  suite: v.literal('quick-1'),
  environment: BenchEnvironmentSchema,
  conditions: BenchConditionsSchema,
  tests: v.pipe(v.array(BenchTestSchema), v.minLength(1), v.maxLength(64)),
});
export type BenchResult = v.InferOutput<typeof BenchResultSchema>;

export interface BenchProgress {
  /** Repetitions done and planned over all tests, warm-up included. */
  readonly done: number;
  readonly total: number;
  readonly current: string;
}

/** Two results, test by test. `verdict` needs p < 0.01 and an interval that excludes ±3 %. */
export interface BenchComparison {
  readonly member: string;
  readonly test: BenchTestName;
  readonly unit: 'tokens/s' | 'ms';
  readonly theirs: number;
  readonly ours: number;
  /** ours / theirs, so that above 1 is "more"; 95 % bootstrap interval. */
  readonly ratio: number;
  readonly ratioCi: readonly [number, number];
  /** Exact two-sided Mann–Whitney p. */
  readonly p: number;
  readonly verdict: 'faster' | 'slower' | 'not-distinguishable';
}
