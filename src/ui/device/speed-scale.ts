import type { Estimate } from '#contracts/estimate';

/** Read along at about this speed, tokens per second: 250 words a minute, at three quarters of a word a token. */
export const READING_PACE = 5;

/** Speeds differ by a factor of a thousand, so the axis is logarithmic; these are its marks. */
const MARKS = [0.01, 0.1, 1, READING_PACE, 20, 100, 500, 2000, 10_000] as const;

export interface SpeedScale {
  /** Where a speed lies, percent of the width; what is beyond the ends lies on them. */
  readonly at: (tokensPerSecond: number) => number;
  readonly marks: readonly { readonly speed: number; readonly at: number }[];
}

/** One axis for all models of a list, from mark to mark. It always shows the pace of reading. */
export function speedScale(speeds: readonly Estimate[]): SpeedScale {
  const lowest = Math.min(1, ...speeds.map(({ low }) => low));
  const highest = Math.max(20, ...speeds.map(({ high }) => high));
  const from = MARKS.findLast((mark) => mark <= lowest) ?? MARKS[0];
  const to = MARKS.find((mark) => mark >= highest) ?? MARKS[MARKS.length - 1] ?? highest;
  const width = Math.log(to / from);
  const at = (speed: number): number =>
    Math.min(100, Math.max(0, (100 * Math.log(Math.max(speed, Number.MIN_VALUE) / from)) / width));
  return {
    at,
    marks: MARKS.filter((mark) => mark >= from && mark <= to).map((speed) => ({ speed, at: at(speed) })),
  };
}
