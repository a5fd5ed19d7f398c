import type { VerbDocument } from '../../src/contracts/headless.ts';
import { columns } from './columns.ts';

type Plan = VerbDocument<'plan'>;
type Span = NonNullable<Plan['expected']['answerMs']>;

const mib = (bytes: number | null): string => (bytes === null ? '–' : `${(bytes / 2 ** 20).toFixed(0)} MiB`);

/** A median with its interval. */
function span(value: Span | null, unit: string, digits: number): string {
  if (value === null) return 'not known';
  const [median, low, high] = [value.median, value.low, value.high].map((each) => each.toFixed(digits));
  return `${median} ${unit} (${low} to ${high})`;
}

const indented = (title: string, rows: readonly (readonly string[])[]): readonly string[] =>
  rows.length === 0 ? [] : ['', title, columns(rows.map((row) => ['', ...row]))];

const budgetRows = ({ lines, totalBytes }: Plan['budget']): readonly (readonly string[])[] => [
  ...lines.map(({ name, member, bytes }) => [name, member ?? '', mib(bytes)]),
  ['total', '', mib(totalBytes)],
];

function head({ goal, tier, formula, valid, refusal, members, context, concurrency, quality }: Plan): string {
  const made = `Plan for ${goal}, tier ${tier}, reckoned by ${formula}`;
  if (!valid) return `${made}: none. ${refusal ?? ''}`;
  const { samples, maxTokens, precision } = quality;
  return [
    `${made}: ${members.length} members, ${concurrency} at a time`,
    `Context ${context} tokens · answers up to ${maxTokens} tokens · samples ${samples} · ${precision}`,
  ].join('\n');
}

/** How often it is right, where that was measured, and where. */
function merit({ accuracy, measured }: Plan['members'][number]): string {
  if (accuracy === null) return '';
  const right = `right in ${(accuracy * 100).toFixed(1)} %`;
  return measured === undefined
    ? `${right} of held-out questions`
    : `${right} of ${measured.questions} questions here`;
}

export function renderPlan(plan: Plan): string {
  const { members, budget, graphicsBudget, expected, checks, iterations, leftOut, thresholds } = plan;
  return [
    head(plan),
    ...indented(
      'Members',
      members.map((member) => [
        member.name,
        member.engine,
        member.backend,
        mib(member.memoryBytes),
        span(member.tokensPerSecond, 'tokens/s', 1),
        member.downloadBytes === 0 ? 'here' : `fetch ${mib(member.downloadBytes)}`,
        merit(member),
      ]),
    ),
    '',
    `A question of ${expected.promptTokens} tokens, answers of ${expected.answerTokens}:`,
    columns([
      ['', 'all have answered', span(expected.answerMs, 'ms', 0)],
      ['', 'first token', span(expected.firstTokenMs, 'ms', 0)],
      ['', 'together', span(expected.tokensPerSecond, 'tokens/s', 1)],
    ]),
    ...indented(`Memory (${budget.source})`, budgetRows(budget)),
    ...(graphicsBudget === null
      ? []
      : indented(`Graphics memory (${graphicsBudget.source})`, budgetRows(graphicsBudget))),
    ...indented(
      'Checks',
      checks.map(({ name, pass, detail }) => [pass ? '✓' : '✗', name, detail]),
    ),
    ...indented(
      'Changed until it passed',
      iterations.map(({ change, because }) => [change, because]),
    ),
    ...indented(
      'Left out',
      leftOut.map(({ name, because }) => [name, because]),
    ),
    ...indented(
      'Do less at, and all again at',
      thresholds.map(({ metric, unit, reduceAt, restoreAt, action }) => [
        metric,
        unit === 'bytes' ? mib(reduceAt) : `${reduceAt.toFixed(1)} ${unit}`,
        unit === 'bytes' ? mib(restoreAt) : `${restoreAt.toFixed(1)} ${unit}`,
        action,
      ]),
    ),
  ].join('\n');
}
