import {
  MICRO_FIGURES,
  MICRO_NAMES,
  type MICRO_SKIPS,
  type MicroName,
  type MicroReport,
} from '#contracts/micro-bench';
import { count, listed, plain, plural, significant, whenLong } from '../quantities.ts';

const NBSP = '\u00a0';

const SKIP_WORDS: Readonly<Record<(typeof MICRO_SKIPS)[number], string>> = {
  'no-webgpu': 'this browser offers no graphics card',
  'software-adapter': 'the graphics card is one that the processor imitates',
  'no-f16': 'the graphics card does not compute with 16 bits',
  'no-threads': 'the page may use one thread only',
  'no-storage': 'this browser window keeps no files',
  lost: 'the graphics card or the worker was lost meanwhile',
  failed: 'the measurement failed',
};

export interface FigureRow {
  readonly name: MicroName;
  readonly title: string;
  /** "12.4 GB/s" */
  readonly median: string;
  /** "12.1 to 12.6" */
  readonly interval: string;
  readonly repetitions: number;
  readonly stable: boolean;
}

export function figureRows({ figures }: MicroReport): readonly FigureRow[] {
  return MICRO_NAMES.flatMap((name) => {
    const reading = figures[name];
    if (reading === undefined) return [];
    const { title, unit } = MICRO_FIGURES[name];
    const { median, low, high, samples, stable } = reading;
    return [
      {
        name,
        title,
        median: `${significant(median)}${NBSP}${unit}`,
        interval: `${significant(low)} to ${significant(high)}`,
        repetitions: samples.length,
        stable,
      },
    ];
  });
}

/** What was not measured and why, one line a reason. */
export function skippedWords({ skipped }: MicroReport): readonly string[] {
  const reasons = new Map<string, string[]>();
  for (const { name, reason } of skipped) {
    const titles = reasons.get(SKIP_WORDS[reason]) ?? [];
    titles.push(lowered(MICRO_FIGURES[name].title));
    reasons.set(SKIP_WORDS[reason], titles);
  }
  return [...reasons].map(([reason, titles]) => `Not measured, because ${reason}: ${listed(titles)}.`);
}

function lowered(title: string): string {
  return title.charAt(0).toLowerCase() + title.slice(1);
}

/** When, on what and under which conditions. */
export function microConditions({ measuredAtMs, wallMs, conditions }: MicroReport): string {
  const { threads, adapter, fallback, voided, clockStepUs } = conditions;
  const card = adapter === '' ? [] : [`graphics card ${adapter}${fallback ? ' (software)' : ''}`];
  const again = voided === 0 ? [] : [`${plural(voided, 'repetition')} thrown away while the tab was hidden`];
  return `Measured ${[
    `${whenLong(measuredAtMs)} in ${count(Math.round(wallMs / 1000))}${NBSP}s`,
    `all threads: ${count(threads)}`,
    ...card,
    `clock step ${plain(clockStepUs)}${NBSP}µs`,
    ...again,
  ].join(' · ')}`;
}
