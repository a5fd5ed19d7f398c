import type { Sample } from '#contracts/rules';
import { EQUAL, isVote, samplesOf, weightsIn } from '../rules/ballot-order.ts';
import { boundedConfidence, CISC_TEMPERATURE } from '../rules/confidence.ts';
import { exactPlurality, openWeight } from './exact-plurality.ts';
import { outstandingOf, type Stop } from './stop.ts';

/** What a vote weighs before the softmax is normalised: e^((c−1)/T), from e^(−1/T) to 1. */
interface RawVote {
  readonly key: string;
  readonly low: number;
  readonly high: number;
}

interface Part {
  readonly votes: readonly RawVote[];
  readonly open: number;
  /** Of the member: all its weights are multiplied by it. */
  readonly weight: number;
}

/** Raw weights summed for one comparison, each at the end of its range that is worst for the leader. */
interface Sums {
  readonly pro: number;
  readonly contra: number;
  readonly restLow: number;
  readonly restHigh: number;
}

function sumsOf(votes: readonly RawVote[], leader: string, rival: string | null): Sums {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const rest = votes.filter(({ key }) => key !== leader && key !== rival);
  return {
    pro: sum(votes.map(({ key, low }) => (key === leader ? low : 0))),
    contra: sum(votes.map(({ key, high }) => (key === rival ? high : 0))),
    restLow: sum(rest.map(({ low }) => low)),
    restHigh: sum(rest.map(({ high }) => high)),
  };
}

/**
 * The least by which a member's weights can put `leader` ahead of `rival`: n·(P − C)/(P + C + R) with P, C, R the raw weights
 * of leader, rival and the rest, and n the number of its votes. For given numbers of further votes for each it falls with
 * C and grows with P, and R makes it worse by being small where it is negative, large where it is positive; so each is put
 * at its worst end, and all numbers of further votes that may come are tried.
 */
function leastLead({ votes, open }: Part, leader: string, rival: string | null, floor: number): number {
  const { pro, contra, restLow, restHigh } = sumsOf(votes, leader, rival);
  let least = Infinity;
  for (let forRival = 0; forRival <= open; forRival += 1) {
    for (let forLeader = 0; forRival + forLeader <= open; forLeader += 1) {
      for (let forRest = 0; forRival + forLeader + forRest <= open; forRest += 1) {
        const p = pro + forLeader * floor;
        const c = contra + forRival;
        const r = p < c ? restLow + forRest * floor : restHigh + forRest;
        const n = votes.length + forRival + forLeader + forRest;
        least = Math.min(least, n === 0 ? 0 : (n * (p - c)) / (p + c + r));
      }
    }
  }
  return least;
}

/** Up to this many samples of one member open the 10⁴ cases are tried; with more the vote simply goes on. */
const MOST_OPEN = 32;

/**
 * Confidence-weighted vote: key y is decided when for every other key z, also one that nobody gave yet, the members' least
 * leads of y over z sum to more than 0. Confidences lie in 0..1, so a raw weight lies in e^(−1/T)..1; that bounds votes still
 * to come, and those without a confidence, whose weight is a mean that may still move. Members end independently, so that
 * the sum of their least leads is itself reached. Where members have weights each lead counts its member's; where none of
 * any weight voted or can vote, it is plurality that decides.
 */
export function exactConfidence(temperature = CISC_TEMPERATURE): Stop {
  const floor = Math.exp(-1 / temperature);
  const rawVote = (sample: Sample & { readonly key: string }): RawVote => {
    const confidence = boundedConfidence(sample);
    if (confidence === null) return { key: sample.key, low: floor, high: 1 };
    const raw = Math.exp((confidence - 1) / temperature);
    return { key: sample.key, low: raw, high: raw };
  };
  return (progress) => {
    const { ballot } = progress;
    const weightOf = weightsIn(ballot);
    const parts = ballot.members.map(({ id }) => ({
      votes: samplesOf(ballot, id).filter(isVote).map(rawVote),
      open: outstandingOf(progress, id),
      weight: weightOf(id),
    }));
    if (openWeight(progress) === 0 && parts.every(({ votes, weight }) => votes.length === 0 || weight === 0))
      return exactPlurality(progress);
    if (parts.some(({ open }) => open > MOST_OPEN)) return null;
    const keys = new Set(parts.flatMap(({ votes }) => votes.map(({ key }) => key)));
    // null: a key that nobody gave yet.
    const rivals = [...keys, null];
    for (const leader of keys) {
      const ahead = rivals.every(
        (rival) =>
          rival === leader ||
          parts.reduce((sum, part) => sum + part.weight * leastLead(part, leader, rival, floor), 0) > EQUAL,
      );
      if (ahead) return leader;
    }
    return null;
  };
}
