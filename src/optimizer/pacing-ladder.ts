import { FULL_SPEED, type Pacing } from '#contracts/engine';
import type { Lever } from '#contracts/decision';

/** One step of the ladder and the words for it. */
export interface LadderStep extends Pacing {
  readonly label: string;
}

/**
 * The quality ladder, best first; neighbours differ in one lever only, cheapest to undo first.
 * - Gathering text costs no speed: it only saves the page message handling, layout and paint. 50 ms (20 updates a
 *   second) still reads as flowing; 120 ms comes in words; 250 ms is as often as the charts are drawn, and the last
 *   step at which an answer visibly grows.
 * - Pausing members costs speed, so it comes second. A bundled model needs 12 to 20 ms a token when three run on two
 *   cores: pauses of 2, 5, 10 and 20 ms free about a tenth, a quarter, 40 % and at least half of the decode time.
 *   Each step about doubles; a longer pause than the work itself would only make the wait longer.
 */
export const PACING_LADDER: readonly [LadderStep, ...LadderStep[]] = [
  { ...FULL_SPEED, label: 'Full quality' },
  { flushIntervalMs: 50, decodeDelayMs: 0, label: 'Text every 50 ms' },
  { flushIntervalMs: 120, decodeDelayMs: 0, label: 'Text every 120 ms' },
  { flushIntervalMs: 250, decodeDelayMs: 0, label: 'Text every 250 ms' },
  { flushIntervalMs: 250, decodeDelayMs: 2, label: 'Members pause 2 ms a token' },
  { flushIntervalMs: 250, decodeDelayMs: 5, label: 'Members pause 5 ms a token' },
  { flushIntervalMs: 250, decodeDelayMs: 10, label: 'Members pause 10 ms a token' },
  { flushIntervalMs: 250, decodeDelayMs: 20, label: 'Members pause 20 ms a token' },
];

/** The value of one lever, ms. */
export function leverValue(step: Pacing, lever: Lever): number {
  return lever === 'stream-flush' ? step.flushIntervalMs : step.decodeDelayMs;
}
