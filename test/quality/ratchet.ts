import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceFiles } from './source-files.ts';

/** Longest file the house allows, in lines (CONTRIBUTING, "Files"). */
export const MAX_LINES = 400;

/** Patterns are written so that this file does not count itself. */
const DEBTS = {
  'eslint-suppressions': /eslint-dis(?:able)\b/g,
  'todo-or-fixme': /\b(?:TO(?:DO)|FIX(?:ME)|XX(?:X))\b/g,
  'ts-ignore-or-expect-error': /@ts-(?:ignore|expect-error|nocheck)\b/g,
  any: /(?::|<|\bas|\||&|,|\()\s*any\b(?=\s*(?:[;,)>|&=[\]{}]|$))/gm,
} as const;

export const DEBT_NAMES = ['files-over-400-lines', ...Object.keys(DEBTS)];
export type DebtCounts = Readonly<Record<string, number>>;

/** Debt in one file. `name` decides nothing but the message of a rise. */
export function debtOf(text: string): DebtCounts {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  const counts: Record<string, number> = { 'files-over-400-lines': lines > MAX_LINES ? 1 : 0 };
  for (const [debt, pattern] of Object.entries(DEBTS)) counts[debt] = text.match(pattern)?.length ?? 0;
  return counts;
}

/** Why the counts do not agree with the record, one line each; empty when they do. */
export function differences(recorded: DebtCounts, counted: DebtCounts): readonly string[] {
  return DEBT_NAMES.flatMap((debt) => {
    const before = recorded[debt] ?? 0;
    const now = counted[debt] ?? 0;
    if (now > before) return [`${debt} rose from ${before} to ${now}: debt may only fall`];
    if (now < before) return [`${debt} fell from ${before} to ${now}: record it with \`npm run ratchet\``];
    return [];
  });
}

const RECORD = join(import.meta.dirname, 'ratchet.json');

function main(): void {
  const total: Record<string, number> = Object.fromEntries(DEBT_NAMES.map((debt) => [debt, 0]));
  const places: string[] = [];
  for (const file of sourceFiles()) {
    for (const [debt, count] of Object.entries(debtOf(readFileSync(file, 'utf8')))) {
      total[debt] = (total[debt] ?? 0) + count;
      if (count > 0) places.push(`${debt}: ${count} in ${file}`);
    }
  }
  const recorded = JSON.parse(readFileSync(RECORD, 'utf8')) as DebtCounts;
  const problems = differences(recorded, total);
  const rises = problems.filter((problem) => problem.includes(' rose '));
  if (process.argv.includes('--record') && rises.length === 0) {
    writeFileSync(RECORD, `${JSON.stringify(total, null, 2)}\n`);
    console.log('recorded', total);
    return;
  }
  for (const line of problems.length > 0 ? [...places, ...problems] : []) console.error(line);
  if (problems.length > 0) process.exitCode = 1;
  else console.log('debt as recorded:', total);
}

if (import.meta.filename === process.argv[1]) main();
