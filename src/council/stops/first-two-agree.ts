import { tally } from '../plurality.ts';
import { isWeighed, votesBestFirst } from '../rules/ballot-order.ts';
import type { Stop } from './stop.ts';

/**
 * Stops at the first answer with two votes (council research A5, "fast"). No guarantee: the others could have outvoted it.
 * Where two keys have two votes at once, votes having come together, neither is the first: it goes on.
 * So does it where votes have weights: two light ones are not what is meant.
 */
export const firstTwoAgree: Stop = ({ ballot }) => {
  if (isWeighed(ballot)) return null;
  const pairs = tally(votesBestFirst(ballot)).groups.filter(({ members }) => members.length >= 2);
  return pairs.length === 1 ? (pairs[0]?.key ?? null) : null;
};
