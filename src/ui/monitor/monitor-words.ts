import { METRIC_IDS, type MetricId } from '#contracts/metrics';
import type { Decision } from '#contracts/decision';
import type { HistoryPoint } from '#contracts/telemetry';
import { count, frameTime, perSecond, plural } from '../quantities.ts';
import type { LiveColumns } from './live-window.ts';

const REASONS: Readonly<Record<Decision['reason'], string>> = {
  'over-budget': 'frames took longer than the budget',
  recovered: 'frames were within the budget again',
  'frozen-after-flip-flops': 'it had changed its mind too often, so it waits',
  resumed: 'the council is answering again',
  forced: 'you set it',
  idle: 'nothing is being answered',
};

const LEVERS: Readonly<Record<Decision['lever'], string>> = {
  'stream-flush': 'text shown every',
  'decode-pacing': 'pause after a token',
};

/** "Step 1 → 2: text shown every 50 ms → 120 ms, because frames took longer than the budget (21.4 of 16.7 ms)". */
export function decisionWords(decision: Decision): string {
  const { fromLevel, toLevel, lever, from, to, reason, frameMs, budgetMs } = decision;
  const steps = `Step ${String(fromLevel)} → ${String(toLevel)}`;
  const values = `${LEVERS[lever]} ${count(from)} → ${count(to)}\u00a0ms`;
  return `${steps}: ${values}, because ${REASONS[reason]} (frame ${frameTime(frameMs)}, budget ${frameTime(budgetMs)})`;
}

const largest = (values: readonly (number | null)[]): number =>
  values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);

/** The live charts in two sentences, for people who do not see them. */
export function chartSummary(columns: LiveColumns): string {
  if (columns.atSeconds.length === 0) return 'No samples yet.';
  const budget = columns.budgetMs.findLast((value) => value !== null) ?? null;
  const over = columns.frameMs.filter(
    // As in the metric "frames over budget": one and a half times the refresh interval is a missed frame.
    (value) => value !== null && budget !== null && value > budget * 1.5,
  ).length;
  const speed = `Tokens per second in the last minute: now ${perSecond(columns.tokensPerSecond.at(-1) ?? 0)}, highest ${perSecond(largest(columns.tokensPerSecond))}.`;
  const frames = `Longest frame: ${frameTime(largest(columns.frameMs))}${budget === null ? '' : `, budget ${frameTime(budget)}; ${plural(over, 'sample')} of ${count(columns.frameMs.length)} with a missed frame`}.`;
  return `${speed} ${frames}`;
}

/** One column of stored history. Null where the frame figures mean nothing. */
export function historyColumn(
  points: readonly HistoryPoint[],
  id: MetricId,
  of: 'mean' | 'max',
): readonly (number | null)[] {
  const column = METRIC_IDS.indexOf(id);
  const isFrame = id === 'frameInterval' || id === 'frameBudget';
  return points.map((point) => {
    const value = point[of][column] ?? 0;
    return isFrame && value <= 0 ? null : value;
  });
}
