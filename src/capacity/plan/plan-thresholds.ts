import type { Estimate } from '#contracts/estimate';
import type { Tier } from '#contracts/hardware';
import type { CapacityPlan } from '#contracts/plan';
import type { GoalLimits } from './goal-limits.ts';

type Threshold = CapacityPlan['thresholds'][number];

/**
 * Of the expected speed, where the council is made smaller. A device of a low tier is throttled sooner and shared more, so
 * that it may fall lower before something is done: else it would always be about to change. Judgements.
 */
const ENDURED: Readonly<Record<Tier, number>> = { low: 0.6, mid: 0.7, high: 0.8 };
/** Back at this share of the expected speed, all is as planned. */
const RESTORED = 0.95;

/** Beyond the upper end by so much, so that the two thresholds stay apart where the interval is narrow. */
const BAND = 1.1;

/** A 60 Hz screen: the planner is not told the refresh rate. */
const FRAME_MS = 1000 / 60;
/** A frame that takes half as long again as the screen's is seen as a stutter; a fifth is not. */
const FRAME_OVER = 1.5;
const FRAME_FINE = 1.2;

/** Of what stays free beside the plan, how much may be taken before something is given back, and until it is. */
const MEMORY_OVER = 0.9;
const MEMORY_FINE = 0.5;

/** Questions in the queue before a second one is worth a smaller council. */
const LEAST_QUEUE = 2;

export interface ThresholdGround {
  readonly tier: Tier;
  readonly limits: GoalLimits;
  readonly answerMs: Estimate | null;
  readonly firstTokenMs: Estimate | null;
  readonly tokensPerSecond: Estimate | null;
  /** What page and members take by the plan, and what they may take, bytes. */
  readonly plannedBytes: number;
  readonly allowedBytes: number;
}

/** When to do less and when to do more again, from the plan's own figures; none of what it has no figure of. */
export function thresholds(ground: ThresholdGround): Threshold[] {
  const { tier, limits, answerMs, firstTokenMs, tokensPerSecond } = ground;
  const endured = ENDURED[tier];
  const list: Threshold[] = [];
  if (tokensPerSecond !== null)
    list.push({
      metric: 'tokens-per-second',
      unit: 'tokens/s',
      reduceAt: Math.min(tokensPerSecond.low, endured * tokensPerSecond.median),
      restoreAt: RESTORED * tokensPerSecond.median,
      action: 'Below: one member less, the slowest first. Back above: it returns.',
    });
  if (firstTokenMs !== null)
    list.push({
      metric: 'first-token',
      unit: 'ms',
      reduceAt: Math.max(
        1,
        BAND * firstTokenMs.high,
        Math.min(limits.firstTokenMs, firstTokenMs.median / endured),
      ),
      restoreAt: firstTokenMs.median / RESTORED,
      action: 'Above: fewer members at the same time, then a shorter context. Back below: as planned.',
    });
  const spareBytes = Math.max(0, ground.allowedBytes - ground.plannedBytes);
  return [
    ...list,
    {
      metric: 'frame-interval',
      unit: 'ms',
      reduceAt: FRAME_OVER * FRAME_MS,
      restoreAt: FRAME_FINE * FRAME_MS,
      action: 'Above: text is shown less often, then members pause between tokens. Back below: as planned.',
    },
    {
      metric: 'memory',
      unit: 'bytes',
      reduceAt: ground.plannedBytes + MEMORY_OVER * spareBytes,
      restoreAt: ground.plannedBytes + MEMORY_FINE * spareBytes,
      action: 'Above: caches are emptied, then the largest member leaves. Back below: it returns.',
    },
    ...queueThreshold(answerMs, limits),
  ];
}

/** As many questions as are answered, one after the other, in the time that is bearable for one. */
function queueThreshold(answerMs: Estimate | null, limits: GoalLimits): Threshold[] {
  if (answerMs === null) return [];
  const bearable = Math.floor(limits.answerMs / Math.max(1, answerMs.median));
  const reduceAt = Math.max(LEAST_QUEUE, Math.min(100, bearable));
  return [
    {
      metric: 'queue',
      unit: 'questions',
      reduceAt,
      restoreAt: Math.floor(reduceAt / 2),
      action: 'Above: one answer of each member, then one member less. Back below: as planned.',
    },
  ];
}
