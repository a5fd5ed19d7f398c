import type uPlot from 'uplot';
import { significant } from '../quantities.ts';

/** A line of a chart. The dash tells lines apart without colour. */
export interface ChartLine {
  readonly label: string;
  readonly unit: string;
  /** CSS custom property of the line's colour. */
  readonly colour: '--accent' | '--ink' | '--ink-soft' | '--danger';
  readonly dash?: readonly number[];
  readonly width?: number;
  /** Shades the area below. */
  readonly filled?: boolean;
}

/** One y value a point, or null for a gap. */
export type ChartColumn = readonly (number | null)[];

const FONT = '12px system-ui, sans-serif';

function themeColour(element: Element, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

const WITH_SECONDS = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const WITH_MINUTES = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** Times of day under an axis, to the second where its marks are less than a minute apart. */
function clockLabels(splits: readonly number[], stepSeconds: number): string[] {
  const format = stepSeconds < 60 ? WITH_SECONDS : WITH_MINUTES;
  return splits.map((seconds) => format.format(seconds * 1000));
}

/**
 * Options of one time chart. Colours are read when drawing, so a change of theme needs only a redraw.
 * @param element where the colours are read from
 * @param floor the y axis reaches at least this high, so that noise near zero looks like noise
 */
export function chartOptions(
  element: Element,
  lines: readonly ChartLine[],
  size: { readonly width: number; readonly height: number },
  floor: number,
): uPlot.Options {
  const axis = (): uPlot.Axis => ({
    stroke: () => themeColour(element, '--ink-soft'),
    grid: { stroke: () => themeColour(element, '--line'), width: 1 },
    ticks: { stroke: () => themeColour(element, '--line'), width: 1, size: 4 },
    font: FONT,
  });
  return {
    ...size,
    // The legend is HTML of our own: readable by screen readers, and it does not jump.
    legend: { show: false },
    // Room for half a label: the last time of day to the right, and the zero of a chart that has no times yet below.
    padding: [8, 24, 6, 0],
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: true },
      y: { range: (_chart, _low, high) => [0, Math.max(floor, (high ?? 0) * 1.1)] },
    },
    axes: [
      {
        ...axis(),
        size: 28,
        space: 72,
        values: (_chart, splits, _axis, _space, step) => clockLabels(splits, step),
      },
      {
        ...axis(),
        size: 44,
        space: 32,
        values: (_chart, splits) =>
          splits.map((value) => (Number.isInteger(value) ? String(value) : significant(value))),
      },
    ],
    series: [
      {},
      ...lines.map((line): uPlot.Series => ({
        label: line.label,
        stroke: () => themeColour(element, line.colour),
        width: line.width ?? 1.5,
        spanGaps: false,
        points: { show: false },
        ...(line.dash === undefined ? {} : { dash: [...line.dash] }),
        ...(line.filled === true
          ? { fill: () => `color-mix(in srgb, ${themeColour(element, line.colour)} 12%, transparent)` }
          : {}),
      })),
    ],
  };
}
