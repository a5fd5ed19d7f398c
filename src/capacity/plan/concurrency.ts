import type { Estimate } from '#contracts/estimate';
import type { CapacityPlan } from '#contracts/plan';
import type { Contender } from './contender.ts';
import type { Lanes } from './council-time.ts';
import type { Expectation } from './plan-checks.ts';
import { countText, durationText } from './plan-words.ts';

/**
 * Threads that one small model makes use of: what it writes is bound by reading memory, which a few threads fill. Only with
 * more is there something to gain from a second member at the same time. A judgement; the work is reckoned the same.
 */
const THREADS_EACH = 4;

export interface Concurrency {
  /** Members that decode at the same time. */
  readonly members: number;
  /** Of each member on the processor. */
  readonly threadsEach: number;
  readonly firstTokenMs: Estimate | null;
  readonly iterations: CapacityPlan['iterations'];
}

/**
 * How many members work at once. On the processor they share its threads, so that the first word of each comes later: where
 * it would come too late, one works at a time.
 * @param alone what is expected of one member at a time
 */
export function concurrencyOf(
  members: readonly Contender[],
  threads: number,
  lanes: Lanes,
  alone: Expectation,
  firstTokenLimitMs: number,
): Concurrency {
  const on = (lane: keyof Lanes): number => members.filter((member) => member.lane === lane).length;
  const beside = Math.min(on('card'), lanes.card) + Math.min(on('remote'), lanes.remote);
  const wanted = Math.min(on('cpu'), Math.max(1, Math.floor(threads / THREADS_EACH)));
  const { firstTokenMs: first } = alone;
  const onlyCpu = on('cpu') === members.length;
  const shared = (count: number): Estimate | null =>
    first === null || !onlyCpu || count < 2
      ? first
      : { low: first.low, median: first.median * count, high: first.high * count };
  const late = shared(wanted);
  if (wanted < 2 || late === null || late.high <= firstTokenLimitMs)
    return {
      members: wanted + beside,
      threadsEach: Math.max(1, Math.floor(threads / Math.max(1, wanted))),
      firstTokenMs: late,
      iterations: [],
    };
  return {
    members: 1 + beside,
    threadsEach: threads,
    firstTokenMs: first,
    iterations: [
      {
        change: `one member at a time on the processor instead of ${wanted}`,
        because:
          `With ${countText(wanted, 'member', 'members')} sharing the threads the first word may take ` +
          `${durationText(late.high)}; ${durationText(firstTokenLimitMs)} is bearable.`,
      },
    ],
  };
}
