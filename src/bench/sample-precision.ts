/**
 * Samples are kept to five significant digits of the largest sample of their test: a resolution of at most 0.01 %,
 * far below the ±3 % that a verdict needs, and two bytes a sample in a link.
 */
const LARGEST_MANTISSA = 99_999;
/** Finest step: 10⁻⁶ tokens/s or ms. Below it no clock of a browser tells anything. */
const SMALLEST_EXPONENT = -6;

/** Bounds of what a link can hold; see `scaleOf`. */
export const MANTISSA_BOUND = LARGEST_MANTISSA;
export const EXPONENT_BOUNDS = { smallest: SMALLEST_EXPONENT, largest: 9 } as const;

/** 10ⁿ read from its decimal form: exact up to 10²², which `**` does not promise. */
function powerOfTen(n: number): number {
  return Number(`1e${String(n)}`);
}

export function mantissaOf(value: number, exponent: number): number {
  return Math.round(exponent < 0 ? value * powerOfTen(-exponent) : value / powerOfTen(exponent));
}

/** The double nearest to mantissa · 10^exponent: one correctly rounded operation on two exact numbers. */
export function valueOf(mantissa: number, exponent: number): number {
  return exponent < 0 ? mantissa / powerOfTen(-exponent) : mantissa * powerOfTen(exponent);
}

/** The decimal exponent of the unit in which the samples of one test are rounded: the smallest that holds the largest. */
export function scaleOf(samples: readonly number[]): number {
  const largest = Math.max(...samples);
  let exponent = SMALLEST_EXPONENT;
  while (mantissaOf(largest, exponent) > LARGEST_MANTISSA) exponent += 1;
  return exponent;
}

/** Rounds the samples of one test together. Rounding twice changes nothing. */
export function roundSamples(samples: readonly number[]): number[] {
  const exponent = scaleOf(samples);
  return samples.map((sample) => valueOf(mantissaOf(sample, exponent), exponent));
}
