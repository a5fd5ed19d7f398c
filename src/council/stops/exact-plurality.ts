import { isDecided, tally } from '../plurality.ts';
import { votesBestFirst } from '../rules/ballot-order.ts';
import { allOutstanding, type Stop } from './stop.ts';

/**
 * Plurality: decided when the lead is larger than the number of samples still to come, a − b > n (`isDecided`). Each of
 * them adds at most 1 to one key, so that the leader stays ahead, untied, whatever they say and whether they come or not.
 */
export const exactPlurality: Stop = (progress) => {
  const current = tally(votesBestFirst(progress.ballot));
  const [leader] = current.leaders;
  return leader !== undefined && isDecided(current, allOutstanding(progress)) ? leader : null;
};
