import type { Tier } from '#contracts/hardware';

/** The verdict is the level (0, 0.5, 1) nearest to the weighted score, so the cuts lie half way. */
export const CUTS = { mid: 0.25, high: 0.75 } as const;

/** Of scores and of single inputs. */
export const LEVEL: Readonly<Record<Tier, number>> = { low: 0, mid: 0.5, high: 1 };

/** One input of the tier, scored: 0 low, 0.5 mid, 1 high, null when nobody tells. */
export interface ScoredInput {
  readonly value: string;
  readonly score: number | null;
  /** How far the reading can be trusted to be on the right side of the thresholds, 0..1. */
  readonly certainty: number;
  readonly explanation: string;
}

export const CERTAIN = 1;
/** A rounded or guessed reading, or one beside a threshold. */
export const DOUBTFUL = 0.7;

/** Low below the first, high above the second, mid from one to the other. */
export interface Thresholds {
  readonly low: number;
  readonly high: number;
}

export function levelOf(value: number, { low, high }: Thresholds): 0 | 0.5 | 1 {
  if (value < low) return 0;
  return value > high ? 1 : 0.5;
}

/** Without the noise that sums of decimal weights leave in the last digits. */
export function tidy(share: number): number {
  return Math.round(share * 1e4) / 1e4;
}

export function tierOf(score: number): Tier {
  if (score >= CUTS.high) return 'high';
  return score >= CUTS.mid ? 'mid' : 'low';
}
