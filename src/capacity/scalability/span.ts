import type { Estimate } from '#contracts/estimate';

/** A figure with its two ends, and a factor with its two ends; low ≤ median ≤ high. */
export type Span = Estimate;

export const ONCE: Span = { low: 1, median: 1, high: 1 };
export const NOTHING: Span = { low: 0, median: 0, high: 0 };

const combined = (a: Span, b: Span, by: (x: number, y: number) => number): Span => ({
  low: by(a.low, b.low),
  median: by(a.median, b.median),
  high: by(a.high, b.high),
});

/** Ends are added to ends: errors of one device's figures go the same way, for they come from one measurement. */
export const sum = (a: Span, b: Span): Span => combined(a, b, (x, y) => x + y);
export const times = (a: Span, b: Span): Span => combined(a, b, (x, y) => x * y);
export const largest = (a: Span, b: Span): Span => combined(a, b, Math.max);

/** How often a time goes into so much: the ends change places. */
export const over = (amount: number, time: Span): Span => ({
  low: amount / time.high,
  median: amount / time.median,
  high: amount / time.low,
});

/** Null where it is no figure: times of zero make speeds without end. */
export function estimateOf(span: Span): Estimate | null {
  return [span.low, span.median, span.high].every(Number.isFinite) ? span : null;
}
