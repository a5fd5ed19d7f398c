import type { Counts } from './counts.ts';
import { playwrightCounts, vitestCounts } from './counts.ts';

/** One part of `npm test`. */
export interface Step {
  readonly name: string;
  /** A tool of this repository and its arguments; `{report}` becomes the path of the JSON report. */
  readonly command: readonly string[];
  /** Reads the report; a step without one is a check and counts as one test. */
  readonly counts?: (report: unknown) => Counts;
  readonly needsBrowser?: true;
  /** Environment on top of the runner's; `{report}` as in `command`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Why this step cannot run here; null when it can. */
  readonly skippedBecause?: () => string | null;
}

const vitest = (config: string, ...reporters: readonly string[]): readonly string[] => [
  'vitest',
  'run',
  '-c',
  `test/vitest/${config}.config.ts`,
  '--reporter=default',
  '--reporter=json',
  ...reporters.map((path) => `--reporter=${path}`),
  '--outputFile.json={report}',
];

/** In this order: what is quick and tells most comes first. */
export const STEPS: readonly Step[] = [
  { name: 'format', command: ['prettier', '--check', '--log-level=warn', '.'] },
  { name: 'lint', command: ['eslint', '-c', 'test/quality/eslint.config.js', '--max-warnings=0', '.'] },
  {
    name: 'layers',
    command: ['depcruise', '--config', 'test/quality/layers.cjs', 'src', 'workers', 'test', 'tools'],
  },
  { name: 'ratchet', command: ['tsx', 'test/quality/ratchet.ts'] },
  { name: 'types-src', command: ['svelte-check', '--tsconfig', 'src/tsconfig.json', '--output', 'human'] },
  { name: 'types-workers', command: ['tsc', '-p', 'workers'] },
  { name: 'types-test', command: ['tsc', '-p', 'test'] },
  { name: 'unit', command: vitest('unit'), counts: vitestCounts },
  { name: 'build', command: ['vite', 'build', '--logLevel', 'warn'] },
  { name: 'size', command: ['tsx', 'test/quality/size-budget.ts'] },
  {
    name: 'browser',
    command: vitest('browser', './test/vitest/started-files.ts'),
    counts: vitestCounts,
    needsBrowser: true,
  },
  {
    name: 'gpu',
    command: vitest('gpu', './test/vitest/started-files.ts'),
    counts: vitestCounts,
    needsBrowser: true,
    skippedBecause: () =>
      process.env['CHROME_F16_PATH'] === undefined
        ? 'no browser with a shader-f16 WebGPU adapter is named in CHROME_F16_PATH'
        : null,
  },
  {
    name: 'e2e',
    command: ['playwright', 'test', '-c', 'test/e2e/playwright.config.ts'],
    counts: playwrightCounts,
    needsBrowser: true,
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: '{report}' },
  },
];

/** The steps of `--only a,b`. @throws Error that names a step which does not exist */
export function chosenSteps(only: string | undefined): readonly Step[] {
  if (only === undefined) return STEPS;
  const names = only.split(',');
  const unknown = names.find((name) => !STEPS.some((step) => step.name === name));
  if (unknown !== undefined)
    throw new Error(`no step named ${unknown}; there are ${STEPS.map((step) => step.name).join(', ')}`);
  return STEPS.filter((step) => names.includes(step.name));
}
