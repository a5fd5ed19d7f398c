import { assert } from './assert.ts';
import { seededRandom } from './random.ts';
import { quantileOfSorted } from './statistics-order.ts';

export interface BootstrapOptions {
  readonly seed: number;
  /** 10,000 keeps the Monte Carlo error of a 95 % end below about 1 % of the interval's width. */
  readonly resamples?: number;
  /** Nominal coverage, 0..1. */
  readonly level?: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 10_000;
const LEVEL = 0.95;

/** Percentile interval of the replicates that `replicate` draws (Efron 1979). Same seed, same interval. */
function percentileInterval(
  options: BootstrapOptions,
  replicate: (random: () => number) => number,
): Interval {
  const random = seededRandom(options.seed);
  const replicates = new Float64Array(options.resamples ?? RESAMPLES);
  for (let index = 0; index < replicates.length; index += 1) replicates[index] = replicate(random);
  replicates.sort();
  const tail = (1 - (options.level ?? LEVEL)) / 2;
  return { low: quantileOfSorted(replicates, tail), high: quantileOfSorted(replicates, 1 - tail) };
}

function resampleInto(target: Float64Array, source: ArrayLike<number>, random: () => number): Float64Array {
  const { length } = source;
  for (let index = 0; index < length; index += 1) target[index] = source[Math.floor(random() * length)] ?? 0;
  return target;
}

/**
 * Percentile bootstrap interval of any statistic of one sample. With fewer than about 20 values it is too narrow;
 * for the median of few values use `medianInterval`.
 */
export function bootstrapInterval(
  values: ArrayLike<number>,
  statistic: (resample: Float64Array) => number,
  options: BootstrapOptions,
): Interval {
  assert(values.length > 0, 'a bootstrap needs a value');
  const scratch = new Float64Array(values.length);
  return percentileInterval(options, (random) => statistic(resampleInto(scratch, values, random)));
}

/** Interval of mean(a) − mean(b) where a[i] and b[i] belong together: the pairs are resampled, never the sides. */
export function pairedDifferenceInterval(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: BootstrapOptions,
): Interval {
  assert(a.length === b.length && a.length > 0, 'paired samples have equal, positive length');
  const differences = Float64Array.from(a, (value, index) => value - (b[index] ?? 0));
  const { length } = differences;
  return percentileInterval(options, (random) => {
    let sum = 0;
    for (let draw = 0; draw < length; draw += 1) sum += differences[Math.floor(random() * length)] ?? 0;
    return sum / length;
  });
}

/**
 * Interval of median(numerator) / median(denominator) of two independent samples, each resampled on its own.
 * All denominators must be positive.
 */
export function medianRatioInterval(
  numerator: ArrayLike<number>,
  denominator: ArrayLike<number>,
  options: BootstrapOptions,
): Interval {
  assert(numerator.length > 0 && denominator.length > 0, 'a ratio needs two samples');
  assert(
    Array.from(denominator).every((value) => value > 0),
    'denominators of a ratio are positive',
  );
  const top = new Float64Array(numerator.length);
  const bottom = new Float64Array(denominator.length);
  // Sorted in place: 20,000 copies would cost more than the medians.
  const medianOf = (target: Float64Array, source: ArrayLike<number>, random: () => number): number =>
    quantileOfSorted(resampleInto(target, source, random).sort(), 0.5);
  return percentileInterval(
    options,
    (random) => medianOf(top, numerator, random) / medianOf(bottom, denominator, random),
  );
}
