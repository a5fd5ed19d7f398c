import type { BenchComparison, BenchResult, BenchTest, BenchTestName } from '#contracts/bench';
import { dayDate } from '../days.ts';
import { ABSENT, count, frameTime, percent, plain, plural, significant } from '../quantities.ts';

export const TEST_WORDS: Readonly<Record<BenchTestName, { readonly title: string; readonly note: string }>> =
  {
    pp128: { title: 'Reading a question', note: 'prefill of 128 tokens (pp128)' },
    tg64: { title: 'Writing an answer', note: 'decode of 64 tokens (tg64)' },
    ttft: { title: 'Time to first token', note: 'from asking to the first token (ttft)' },
  };

const NBSP = '\u00a0';

/** A figure with the unit of its test. */
export function figure(value: number, unit: BenchTest['unit']): string {
  return `${significant(value)}${NBSP}${unit}`;
}

export function intervalWords(test: BenchTest): string {
  const [low, high] = test.ci;
  return `${significant(low)} to ${significant(high)}`;
}

/** "96.9 %": the coverage is exact, so its decimal matters. */
export function coverageWords(coverage: number): string {
  return `${(coverage * 100).toFixed(1)}${NBSP}%`;
}

export interface ConditionRow {
  readonly label: string;
  readonly value: string;
  /** Set when this row makes the result doubtful. */
  readonly doubt?: string;
}

/** Below this share the tab was hidden for a part that cannot be neglected. */
const FULLY_VISIBLE = 0.999;

export function conditionRows(result: BenchResult): readonly ConditionRow[] {
  const { conditions, environment } = result;
  const hidden = conditions.visibleShare < FULLY_VISIBLE;
  return [
    {
      label: 'Repetitions',
      value: `${count(conditions.repetitions)} timed, after ${plural(conditions.warmupRuns, 'warm-up run')}`,
    },
    {
      label: 'Tab in front',
      value: `${percent(conditions.visibleShare)} of the time`,
      ...(hidden ? { doubt: 'A hidden tab runs slower.' } : {}),
    },
    { label: 'Drift', value: `${significant(conditions.driftPercent)}${NBSP}% a repetition` },
    { label: 'Largest spread', value: percent(conditions.spread) },
    {
      label: 'Threads',
      value: `${count(environment.threads)}${environment.isolated ? '' : ' (the page is not isolated)'}`,
    },
    { label: 'Clock step', value: `${plain(environment.clockStepUs)}${NBSP}µs` },
  ];
}

export function environmentRows(result: BenchResult): readonly ConditionRow[] {
  const { environment } = result;
  const known = (text: string): string => (text === '' ? ABSENT : text);
  return [
    { label: 'Day', value: dayDate(environment.day) },
    { label: 'Browser', value: known(environment.browser) },
    { label: 'System', value: known(environment.os) },
    { label: 'Cores', value: environment.cores === null ? ABSENT : count(environment.cores) },
    {
      label: 'Memory hint',
      value:
        environment.deviceMemoryGiB === null ? ABSENT : `${plain(environment.deviceMemoryGiB)}${NBSP}GiB`,
    },
    { label: 'Graphics card', value: known(environment.gpu) },
    { label: 'Tier', value: environment.tier },
    { label: 'Refresh interval', value: frameTime(environment.refreshIntervalMs) },
    { label: 'Witan', value: environment.app },
    { label: 'Council', value: environment.council },
  ];
}

/** Seen from this device. */
export const VERDICTS: Readonly<Record<BenchComparison['verdict'], string>> = {
  faster: 'This device is faster',
  slower: 'This device is slower',
  'not-distinguishable': 'Not distinguishable',
};

export function pWords(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/** "5 of 9 tests faster, 1 slower, 3 not distinguishable". */
export function comparisonSummary(rows: readonly BenchComparison[]): string {
  const tally = (verdict: BenchComparison['verdict']): number =>
    rows.filter((row) => row.verdict === verdict).length;
  return `Of ${plural(rows.length, 'test')}, this device is faster in ${String(tally('faster'))}, slower in ${String(tally('slower'))}; ${String(tally('not-distinguishable'))} cannot be told apart.`;
}

/** Member ids are lower-case names. */
export function memberTitle(id: string): string {
  return id.charAt(0).toUpperCase() + id.slice(1);
}

/** What a screen reader says instead of the dots. */
export function samplesWords(test: BenchTest): string {
  return `${plural(test.samples.length, 'sample')}: ${test.samples.map(significant).join(', ')} ${test.unit}`;
}

/** "Alder, writing an answer" for "alder/tg64"; anything else as it is. */
export function currentWords(current: string): string {
  const [member, test] = current.split('/');
  if (member === undefined || test === undefined || !Object.hasOwn(TEST_WORDS, test)) return current;
  return `${memberTitle(member)}, ${TEST_WORDS[test as BenchTestName].title.toLowerCase()}`;
}

export function elapsedWords(done: number, total: number): string {
  return `${count(done)} of ${count(total)} runs`;
}
