import { isDecided, tally } from '../plurality.ts';
import { EQUAL, isWeighed, votesBestFirst, weightsIn } from '../rules/ballot-order.ts';
import { allOutstanding, outstandingOf, type Progress, type Stop } from './stop.ts';

const exactCount: Stop = (progress) => {
  const current = tally(votesBestFirst(progress.ballot));
  const [leader] = current.leaders;
  return leader !== undefined && isDecided(current, allOutstanding(progress)) ? leader : null;
};

/** Weight that may still come. */
export function openWeight(progress: Progress): number {
  const { members } = progress.ballot;
  const weightOf = weightsIn(progress.ballot);
  return members.reduce((sum, { id }) => sum + weightOf(id) * outstandingOf(progress, id), 0);
}

/**
 * Plurality: decided when the lead is larger than the number of samples still to come, a − b > n (`isDecided`). Each of
 * them adds at most 1 to one key, so that the leader stays ahead, untied, whatever they say and whether they come or not.
 * Where members have weights each adds at most its member's, and n is the sum of these. Votes of weight 0 decide where no
 * other ones came nor can come, by their number.
 */
export const exactPlurality: Stop = (progress) => {
  if (!isWeighed(progress.ballot)) return exactCount(progress);
  const weightOf = weightsIn(progress.ballot);
  const sums = new Map<string, number>();
  for (const { key, memberId } of votesBestFirst(progress.ballot))
    sums.set(key, (sums.get(key) ?? 0) + weightOf(memberId));
  const open = openWeight(progress);
  const [[leader, lead], [, rival]] = leading(sums);
  if (lead === 0) return open === 0 ? exactCount(progress) : null;
  return lead - rival > open + EQUAL ? leader : null;
};

type Standing = readonly [key: string | null, weight: number];

/** The two heaviest keys; a key that nobody gave weighs nothing. */
function leading(sums: ReadonlyMap<string, number>): readonly [Standing, Standing] {
  const none: Standing = [null, 0];
  const [first = none, second = none] = [...sums].sort(([, a], [, b]) => b - a);
  return [first, second];
}
