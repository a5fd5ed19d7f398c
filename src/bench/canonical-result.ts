import { median, medianInterval, relativeSpread } from '#kernel/statistics-order';
import { leastSquaresSlope } from '#kernel/statistics-trend';
import type { BenchResult, BenchTest, BenchTestName } from '#contracts/bench';
import { cleanLabel } from './label.ts';
import { roundSamples } from './sample-precision.ts';

/** What was measured, before anything is derived from it. */
export interface Measurements {
  readonly environment: BenchResult['environment'];
  readonly visibleShare: number;
  readonly warmupRuns: number;
  readonly repetitions: number;
  readonly tests: readonly Pick<BenchTest, 'member' | 'test' | 'samples'>[];
}

/**
 * A result counts as stable when every median is known to ±3 % (benchmarks research §2.2: "report unstable if not
 * met") and the tab was in front all the time.
 */
const STABLE_HALF_WIDTH = 0.03;

/** A relative spread above this says no more than "all over the place"; it stands for a division by 0 too. */
const SPREAD_CEILING = 1e6;

/** Steps to which figures of the environment are rounded, as parts per unit, and the most that is kept. */
export const FIGURES = {
  day: { perUnit: 1, max: 1_000_000 },
  cores: { perUnit: 1, max: 65_536 },
  deviceMemoryGiB: { perUnit: 100, max: 65_536 },
  clockStepUs: { perUnit: 100, max: 10_000_000 },
  refreshIntervalMs: { perUnit: 1000, max: 10_000 },
  threads: { perUnit: 1, max: 65_536 },
  visibleShare: { perUnit: 1000, max: 1 },
  warmupRuns: { perUnit: 1, max: 10_000 },
  repetitions: { perUnit: 1, max: 60 },
} as const;
export type Figure = keyof typeof FIGURES;

export const UNIT_OF: Readonly<Record<BenchTestName, BenchTest['unit']>> = {
  pp128: 'tokens/s',
  tg64: 'tokens/s',
  ttft: 'ms',
};

/** The figure in its smallest steps; what is no number, or negative, counts as 0. */
export function stepsOf(value: number, figure: Figure): number {
  const { perUnit, max } = FIGURES[figure];
  const bounded = Number.isFinite(value) ? Math.min(Math.max(value, 0), max) : 0;
  return Math.round(bounded * perUnit);
}

export function figureOf(steps: number, figure: Figure): number {
  return steps / FIGURES[figure].perUnit;
}

function rounded(value: number, figure: Figure): number {
  return figureOf(stepsOf(value, figure), figure);
}

function roundedOrNull(value: number | null, figure: Figure): number | null {
  return value === null ? null : rounded(value, figure);
}

function canonicalEnvironment(environment: BenchResult['environment']): BenchResult['environment'] {
  const { app, browser, os, gpu, council } = environment;
  return {
    app: cleanLabel(app, 'app'),
    day: rounded(environment.day, 'day'),
    browser: cleanLabel(browser, 'browser'),
    os: cleanLabel(os, 'os'),
    cores: roundedOrNull(environment.cores, 'cores'),
    deviceMemoryGiB: roundedOrNull(environment.deviceMemoryGiB, 'deviceMemoryGiB'),
    gpu: cleanLabel(gpu, 'gpu'),
    tier: environment.tier,
    isolated: environment.isolated,
    clockStepUs: rounded(environment.clockStepUs, 'clockStepUs'),
    refreshIntervalMs: rounded(environment.refreshIntervalMs, 'refreshIntervalMs'),
    // Empty means unknown: without SHA-256 (an insecure origin) the council cannot be named.
    council: /^[0-9a-f]{8}$/.test(council) ? council : '',
    threads: rounded(environment.threads, 'threads'),
  };
}

function summarise({ member, test, samples }: Measurements['tests'][number]): BenchTest {
  const kept = roundSamples(samples);
  const { low, high, coverage } = medianInterval(kept);
  return {
    member: cleanLabel(member, 'member'),
    test,
    unit: UNIT_OF[test],
    samples: kept,
    median: median(kept),
    ci: [low, high],
    coverage,
  };
}

/** Mean over the members of the slope of their decode samples, percent of their median per repetition. */
function driftOf(tests: readonly BenchTest[]): number {
  const slopes = tests
    .filter(({ test, samples, median: centre }) => test === 'tg64' && samples.length > 1 && centre > 0)
    .map(({ samples, median: centre }) => {
      const order = samples.map((_, index) => index);
      return (leastSquaresSlope(order, samples) / centre) * 100;
    });
  return slopes.length === 0 ? 0 : slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length;
}

function isTight({ ci: [low, high], median: centre }: BenchTest): boolean {
  return (high - low) / 2 <= STABLE_HALF_WIDTH * centre;
}

/**
 * Makes the result of a run, in canonical form: samples rounded to five significant digits (`roundSamples`), labels
 * cleaned and cut (`LABEL_LIMITS`), figures rounded (`FIGURES`), and everything that follows from the samples (medians,
 * intervals, spread, drift, stability) derived from the rounded ones. A link holds only what cannot be derived, so
 * reading it gives the same result again, to the last digit.
 */
export function makeResult(measurements: Measurements): BenchResult {
  const tests = measurements.tests.map(summarise);
  const share = rounded(measurements.visibleShare, 'visibleShare');
  // Hidden for a moment is not "visible all the time".
  const visibleShare = share === 1 && measurements.visibleShare < 1 ? 0.999 : share;
  return {
    schema: 'witan.bench',
    version: 1,
    suite: 'quick-1',
    environment: canonicalEnvironment(measurements.environment),
    conditions: {
      visibleShare,
      warmupRuns: rounded(measurements.warmupRuns, 'warmupRuns'),
      repetitions: rounded(measurements.repetitions, 'repetitions'),
      driftPercent: driftOf(tests),
      spread: Math.min(SPREAD_CEILING, Math.max(...tests.map(({ samples }) => relativeSpread(samples)))),
      stable: visibleShare === 1 && tests.every(isTight),
    },
    tests,
  };
}

/** The canonical form of any result; of a canonical result, that result again. */
export function canonicalise(result: BenchResult): BenchResult {
  const { visibleShare, warmupRuns, repetitions } = result.conditions;
  return makeResult({
    environment: result.environment,
    visibleShare,
    warmupRuns,
    repetitions,
    tests: result.tests,
  });
}
