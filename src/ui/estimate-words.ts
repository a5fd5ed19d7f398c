import type { Estimate } from '#contracts/estimate';

/** Estimates as people read them: the median with its unit, then the interval in which nine of ten measurements lie. */
const NBSP = '\u00a0';

/** As many decimals as the median deserves; the ends of its interval get the same. */
function digitsFor(median: number): number {
  if (median >= 100) return 0;
  return median >= 1 ? 1 : 2;
}

function inUnit({ low, median, high }: Estimate, perUnit: number, unit: string): string {
  const digits = digitsFor(median / perUnit);
  const shown = (value: number): string =>
    (value / perUnit).toLocaleString('en-GB', {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  return `${shown(median)}${NBSP}${unit} (${shown(low)} to ${shown(high)})`;
}

/** "9.8 tokens/s (8.1 to 11.9)". */
export function speedEstimate(tokensPerSecond: Estimate): string {
  return inUnit(tokensPerSecond, 1, 'tokens/s');
}

/** Beyond this a time is read in minutes. */
const LONGEST_IN_SECONDS_MS = 120_000;

/** "840 ms (700 to 980)", "1.4 s (1.1 to 1.9)", "3.2 min (2.9 to 4.0)". */
export function timeEstimate(ms: Estimate): string {
  if (ms.median >= LONGEST_IN_SECONDS_MS) return inUnit(ms, 60_000, 'min');
  return ms.median >= 1000 ? inUnit(ms, 1000, 's') : wholeMs(ms);
}

function wholeMs({ low, median, high }: Estimate): string {
  const [from, middle, to] = [low, median, high].map((value) => Math.round(value).toLocaleString('en-GB'));
  return `${middle ?? ''}${NBSP}ms (${from ?? ''} to ${to ?? ''})`;
}

/** "1.2 GiB (1.1 to 1.4)". */
export function memoryEstimate(bytes: Estimate): string {
  return bytes.median >= 2 ** 30 ? inUnit(bytes, 2 ** 30, 'GiB') : inUnit(bytes, 2 ** 20, 'MiB');
}
