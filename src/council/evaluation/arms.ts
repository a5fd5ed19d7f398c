import { holmAdjusted } from '#kernel/statistics-holm';
import { pairedDifferenceInterval } from '#kernel/statistics-bootstrap';
import { mcnemarExact, wilsonInterval } from '#kernel/statistics-proportions';
import type { EvalArm, EvalPair } from '#contracts/evaluation';
import type { Column } from './columns.ts';

export function countTrue(flags: readonly boolean[]): number {
  return flags.filter(Boolean).length;
}

export function armOf({ name, right, calls, tokens, abstained }: Column): EvalArm {
  const total = right.length;
  const correct = countTrue(right);
  const accuracy = total === 0 ? 0 : correct / total;
  return {
    name,
    correct,
    total,
    accuracy,
    ci95: [...wilsonInterval(correct, total)],
    calls,
    tokens,
    abstained,
  };
}

/**
 * What one member drawn at random would reach. `accuracy` is the mean of the members' accuracies; `correct`, `tokens`
 * and `abstained` are rounded means, and the interval is that of the rounded `correct`.
 */
export function meanArm(columns: readonly Column[], total: number): EvalArm {
  const mean = (pick: (column: Column) => number): number =>
    columns.length === 0 ? 0 : columns.reduce((sum, column) => sum + pick(column), 0) / columns.length;
  const correct = mean(({ right }) => countTrue(right));
  return {
    name: 'mean-member',
    correct: Math.round(correct),
    total,
    accuracy: total === 0 ? 0 : correct / total,
    ci95: [...wilsonInterval(Math.round(correct), total)],
    calls: total,
    tokens: Math.round(mean(({ tokens }) => tokens)),
    abstained: Math.round(mean(({ abstained }) => abstained)),
  };
}

/** a minus b on the same questions. */
export interface Comparison {
  readonly differencePoints: number;
  readonly ci95: [number, number];
  readonly p: number;
}

export function compare(a: readonly boolean[], b: readonly boolean[], seed: number): Comparison {
  const total = a.length;
  const interval =
    total === 0 ? { low: 0, high: 0 } : pairedDifferenceInterval(a.map(Number), b.map(Number), { seed });
  return {
    differencePoints: total === 0 ? 0 : ((countTrue(a) - countTrue(b)) / total) * 100,
    ci95: [interval.low * 100, interval.high * 100],
    p: mcnemarExact(
      countTrue(a.map((hit, index) => hit && b[index] !== true)),
      countTrue(b.map((hit, index) => hit && a[index] !== true)),
    ),
  };
}

/**
 * As `compare`. Where no question tells the two apart every resample is the same and its interval empty, which is not
 * certainty: of n questions without an event there may still be 3/n of them (rule of three; Hanley & Lippman-Hand 1983).
 */
export function compareCautiously(a: readonly boolean[], b: readonly boolean[], seed: number): Comparison {
  const compared = compare(a, b, seed);
  if (a.some((hit, index) => hit !== b[index])) return compared;
  const most = Math.min(100, 300 / Math.max(1, a.length));
  return { ...compared, ci95: [-most, most] };
}

/** All pairs of a report, with Holm's correction over all of them. */
export function pairsOf(couples: readonly (readonly [Column, Column])[], seed: number): EvalPair[] {
  const pairs = couples.map(([a, b]) => ({ a: a.name, b: b.name, ...compare(a.right, b.right, seed) }));
  const adjusted = holmAdjusted(pairs.map(({ p }) => p));
  return pairs.map((pair, index) => ({ ...pair, pHolm: adjusted[index] ?? 1 }));
}
