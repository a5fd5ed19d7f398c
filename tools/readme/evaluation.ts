import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EVALUATION_RULES } from '../../src/council/evaluation/evaluation-rules.ts';
import type { EvalReport } from '../../src/contracts/evaluation.ts';
import { evaluate } from '../../src/council/evaluation/evaluate.ts';
import { parseRecordLines } from '../../src/council/evaluation/record-lines.ts';
import { readCommand } from '../witan/arguments.ts';
import { valueOf } from '../witan/failures.ts';
import { Session } from '../witan/session.ts';
import { evaluate as evaluateInPage } from '../witan/verbs/eval.ts';
import { evaluationTable, withTable } from './evaluation-table.ts';

/**
 * Prints the README's evaluation: asks the bundled council the test questions again, with the same seed, and replays every
 * rule. Half an hour on two cores.
 *
 *     npx tsx tools/readme/evaluation.ts                  asks, and prints
 *     npx tsx tools/readme/evaluation.ts --record FILE    replays what `witan eval --export FILE` recorded
 *     … --write                                           puts it into the README
 *     … --check                                           exits 1 where the README says something else
 */
const README = join(import.meta.dirname, '../../README.md');
const ASKED = ['eval', '--questions', '1200', '--split', 'test', '--samples', '3', '--seed', '1'];

async function asked(): Promise<EvalReport> {
  const command = readCommand(ASKED, process.env);
  if (command.verb !== 'eval') throw new Error('not an evaluation');
  const session = await Session.open(command.common, (line) => console.error(line));
  try {
    return await evaluateInPage(session, command);
  } finally {
    await session.close();
  }
}

function replayed(file: string): EvalReport {
  const record = valueOf(parseRecordLines(readFileSync(file, 'utf8')));
  return evaluate(record, { rules: EVALUATION_RULES, wallMs: 0, at: record.head.startedAt });
}

const { values } = parseArgs({
  options: {
    record: { type: 'string' },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});
const table = evaluationTable(values.record === undefined ? await asked() : replayed(values.record));
if (values.write) writeFileSync(README, withTable(readFileSync(README, 'utf8'), table));
else console.log(table);
if (values.check) {
  const text = readFileSync(README, 'utf8');
  if (withTable(text, table) !== text) {
    console.error('The README says something else.');
    process.exitCode = 1;
  }
}
