import type { Estimate } from '#contracts/estimate';
import type { Contender, Lane } from './contender.ts';

/** How many members can work at once on each lane without taking from one another. */
export type Lanes = Readonly<Record<Lane, number>>;

const NOTHING: Estimate = { low: 0, median: 0, high: 0 };

/** One after the other. Errors of one fit go the same way for all models, so the ends are added too. */
const plus = (a: Estimate, b: Estimate): Estimate => ({
  low: a.low + b.low,
  median: a.median + b.median,
  high: a.high + b.high,
});

const later = (a: Estimate, b: Estimate): Estimate => ({
  low: Math.max(a.low, b.low),
  median: Math.max(a.median, b.median),
  high: Math.max(a.high, b.high),
});

export const times = (estimate: Estimate, factor: number): Estimate => ({
  low: estimate.low * factor,
  median: estimate.median * factor,
  high: estimate.high * factor,
});

const NOMINAL = (ms: number): Estimate => ({ low: ms, median: ms, high: ms });

const workOf = ({ speed, rankMs }: Contender): Estimate => speed?.answerMs ?? NOMINAL(rankMs);

function inTurn(members: readonly Contender[]): Estimate {
  let low = 0;
  let median = 0;
  let high = 0;
  for (const member of members) {
    const work = workOf(member);
    low += work.low;
    median += work.median;
    high += work.high;
  }
  return { low, median, high };
}

/** Members of one lane, each given to the worker that is free first, the longest first (Graham's LPT). */
function queues(members: readonly Contender[], workers: number): readonly (readonly Contender[])[] {
  if (workers <= 1) return [members];
  const lists = Array.from({ length: Math.min(workers, members.length) }, () => ({
    ms: 0,
    list: [] as Contender[],
  }));
  for (const member of [...members].sort((a, b) => b.rankMs - a.rankMs)) {
    const free = lists.reduce((best, each) => (each.ms < best.ms ? each : best));
    free.ms += member.rankMs;
    free.list.push(member);
  }
  return lists.map(({ list }) => list);
}

function laneQueues(
  members: readonly Contender[],
  lanes: Lanes,
  lane: Lane,
): readonly (readonly Contender[])[] {
  const here = members.filter((member) => member.lane === lane);
  return here.length === 0 ? [] : queues(here, lanes[lane]);
}

const laneTime = (members: readonly Contender[], lanes: Lanes, lane: Lane): Estimate =>
  laneQueues(members, lanes, lane).map(inTurn).reduce(later, NOTHING);

/**
 * From the question until all members have answered once. Members on the processor share its threads: at the same time or
 * in turn, the work is the same. So do those on one card. A card may read the same memory as the processor, so the two are
 * added; servers work beside both. Ranked by a nominal speed where one is not known.
 */
export function answerTime(members: readonly Contender[], lanes: Lanes): Estimate {
  const [first] = members;
  if (first !== undefined && members.every(({ lane }) => lane === first.lane && lanes[lane] <= 1))
    return inTurn(members);
  const local = plus(laneTime(members, lanes, 'cpu'), laneTime(members, lanes, 'card'));
  return later(local, laneTime(members, lanes, 'remote'));
}

/** Until any member says something: the quickest goes first. Null where a speed is not known. */
export function firstTokenTime(members: readonly Contender[]): Estimate | null {
  let quickest: Estimate | null = null;
  for (const { speed } of members) {
    if (speed === null) return null;
    if (quickest === null || speed.ttft.high < quickest.high) quickest = speed.ttft;
  }
  return quickest;
}

/** Tokens a second of all members together while they write: lanes add up, members of one queue take turns. */
export function councilRate(members: readonly Contender[], lanes: Lanes): Estimate | null {
  if (members.length === 0 || members.some(({ speed }) => speed === null)) return null;
  const laneRate = (lane: Lane): readonly Estimate[] =>
    laneQueues(members, lanes, lane).map((queue) => {
      const share = (end: keyof Estimate): number =>
        queue.length /
        queue.reduce((sum, { speed }) => sum + 1 / (speed?.tokensPerSecond[end] ?? Infinity), 0);
      return { low: share('low'), median: share('median'), high: share('high') };
    });
  const slower = (a: Estimate, b: Estimate): Estimate => {
    const added = (x: number, y: number): number => 2 / (1 / x + 1 / y);
    return { low: added(a.low, b.low), median: added(a.median, b.median), high: added(a.high, b.high) };
  };
  const cpu = laneRate('cpu').reduce(plus, NOTHING);
  const card = laneRate('card').reduce(plus, NOTHING);
  const local = cpu.median > 0 && card.median > 0 ? slower(cpu, card) : plus(cpu, card);
  return plus(local, laneRate('remote').reduce(plus, NOTHING));
}
