import { ONCE, type Span } from './span.ts';

/** Share of one thread's work that is not divided, with its ends, and whether it was measured. */
export interface SerialShare extends Span {
  readonly measured: boolean;
}

/**
 * Where threads were not measured: nine tenths of the work divide well, between all of it and one half. No measurement
 * stands behind this, hence the width.
 */
const ASSUMED: SerialShare = { low: 0, median: 0.1, high: 0.5, measured: false };

/** A measured share holds for the threads that were measured: with more, synchronising may cost as much again. */
const BEYOND = { factor: 2, more: 0.05 };

const within = (share: number): number => Math.min(1, Math.max(0, share));

/**
 * Amdahl's law turned round: n threads that are S times as fast as one have a serial share of s = (n/S − 1) / (n − 1).
 * @param scaling S; null where it was not measured
 */
export function serialShare(threads: number, scaling: number | null): SerialShare {
  if (scaling === null || scaling <= 0 || threads < 2) return ASSUMED;
  const median = within((threads / scaling - 1) / (threads - 1));
  return {
    low: median / BEYOND.factor,
    median,
    high: within(median * BEYOND.factor + BEYOND.more),
    measured: true,
  };
}

/** Time with n threads, as a share of that with one: s + (1 − s)/n. */
const timeShare = (serial: number, threads: number): number => serial + (1 - serial) / threads;

/**
 * S of another number of threads, by the serial share of those that were measured.
 * @returns null where that tells nothing: of one thread, or from one
 */
export function scalingAt(threads: number, scaling: number, others: number): number | null {
  const { median, measured } = serialShare(threads, scaling);
  return measured && others >= 2 ? 1 / timeShare(median, others) : null;
}

/** Time with `factor` times the threads ÷ time with these, of work with that serial share. */
export function remaining(serial: Span, threads: number, factor: number): Span {
  const of = (share: number): number => timeShare(share, threads * factor) / timeShare(share, threads);
  return { low: of(serial.low), median: of(serial.median), high: of(serial.high) };
}

/** Of the time with so many threads, the part in which only one of them works. */
export const serialTime = (serial: number, threads: number): number => serial / timeShare(serial, threads);

/**
 * The same of writing, whose bytes come over one memory that more threads may or may not read faster: in the middle that
 * part stays as it is; at best it shrinks as the rest does; at worst nothing is gained.
 * @param share of the time that grows with the bytes read
 */
export function remainingDecode(share: number, rest: Span): Span {
  // Rounding must not carry the middle beyond an end.
  const median = Math.min(ONCE.high, Math.max(rest.low, share + (1 - share) * rest.median));
  return { low: rest.low, median, high: ONCE.high };
}
