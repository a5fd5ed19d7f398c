import type { EvalReport } from '../../src/contracts/evaluation.ts';
import { armRows, pairRows, stopRows } from '../witan/render-evaluation.ts';

/** What stands between these lines of the README is written by this tool. */
export const BEGIN = '<!-- evaluation: npx tsx tools/readme/evaluation.ts -->';
export const END = '<!-- /evaluation -->';

function markdown(rows: readonly (readonly string[])[]): string {
  const [head, ...body] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head ?? []), line((head ?? []).map(() => '---')), ...body.map(line)].join('\n');
}

/** The report's tables. Nothing in it that a time could change: the same seed gives the same text. */
export function evaluationTable(report: EvalReport): string {
  const {
    questions,
    split,
    samples,
    seed,
    temperature,
    questionSetSha256,
    unanimous,
    divided,
    riskCoverage,
  } = report;
  return [
    `${questions} questions of the ${split} split (\`${questionSetSha256.slice(0, 12)}\`), seed ${seed}; ${samples} answers of ` +
      `each member to each question, the first greedy, the others at temperature ${temperature}.`,
    '',
    markdown(armRows(report)),
    '',
    markdown(pairRows(report)),
    '',
    markdown(stopRows(report)),
    '',
    `All members agree: ${unanimous.correct} of ${unanimous.total} right; they do not: ${divided.correct} of ` +
      `${divided.total}. Agreement tells right answers from wrong ones with AUROC ${riskCoverage.auroc?.toFixed(3) ?? '–'}.`,
  ].join('\n');
}

/**
 * A text with the table in its place.
 * @throws where there is no place for it
 */
export function withTable(text: string, table: string): string {
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`there are no lines ${BEGIN} and ${END}`);
  return `${text.slice(0, from + BEGIN.length)}\n\n${table}\n\n${text.slice(to)}`;
}
