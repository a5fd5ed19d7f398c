/**
 * How often a council is right, from how often each of its members is: the model with which research/council.md §2 ("How a
 * vote can lose") drew its figures, and gives them again to 0.2 points. A question has a difficulty that all members
 * share, with the correlation ρ; two that are wrong say the same with the chance s. The answer of most members counts.
 */
interface Likeness {
  /** Correlation of what is hard for two members. */
  readonly rho: number;
  /** Chance that two wrong members give the same wrong answer: 60 % (Kim et al., ICML 2025). */
  readonly same: number;
}

/** ρ and s of the simulation. */
const STRANGERS: Likeness = { rho: 0.4, same: 0.6 };
/** Models of one family learned from much the same texts, so they err alike more often: an assumption, not measured. */
const RELATIVES: Likeness = { rho: 0.7, same: 0.8 };

/**
 * Chance that the right one of so many tied members agrees with itself most often. Of two: 0.63, the area under the curve
 * by which agreement told right from wrong (CSQA, research/council.md §A7). Of three and four: the same distance of two
 * normal distributions (√2 · Φ⁻¹(0.63)), the right one above all others.
 */
const PICKED = [1, 1, 0.63, 0.47, 0.38] as const;

/** Difficulties over which is averaged: midpoints of as many equally likely strips; 16 are exact to 0.05 points. */
const STRIPS = 16;

/** Φ by Abramowitz & Stegun 7.1.26; wrong by less than 1.5e-7. */
function normal(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const poly =
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const erf = 1 - poly * Math.exp(-z * z);
  return x < 0 ? (1 - erf) / 2 : (1 + erf) / 2;
}

/** Φ⁻¹ by halving: 40 steps over 16 are below the error of Φ. */
function normalQuantile(p: number): number {
  let low = -8;
  let high = 8;
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (normal(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const DIFFICULTIES = Array.from({ length: STRIPS }, (_, index) => normalQuantile((index + 0.5) / STRIPS));

/** A member's chance at each difficulty. */
type Chances = Float64Array;

export interface VoterChances {
  readonly average: number;
  readonly amongStrangers: Chances;
  readonly amongRelatives: Chances;
}

function chancesAt(average: number, { rho }: Likeness): Chances {
  const threshold = normalQuantile(average);
  return Float64Array.from(DIFFICULTIES, (difficulty) =>
    normal((threshold + Math.sqrt(rho) * difficulty) / Math.sqrt(1 - rho)),
  );
}

/** @param average chance of a right answer over all questions, 0..1, ends excluded */
export function voterChances(average: number): VoterChances {
  return {
    average,
    amongStrangers: chancesAt(average, STRANGERS),
    amongRelatives: chancesAt(average, RELATIVES),
  };
}

/** By the number of right members: chance that theirs is the answer of most, of a tie, of a tie that self-agreement wins. */
interface Outcomes {
  readonly wins: readonly number[];
  readonly ties: readonly number[];
  readonly picks: readonly number[];
}

const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k);

/** Wrong members either give the tempting wrong answer (chance √s, so that two agree with s) or one of their own. */
function outcomes(members: number, { same }: Likeness): Outcomes {
  const wins: number[] = [];
  const ties: number[] = [];
  const picks: number[] = [];
  const tempted = Math.sqrt(same);
  for (let right = 0; right <= members; right++) {
    const wrong = members - right;
    let win = 0;
    let tie = 0;
    let pick = 0;
    for (let together = 0; together <= wrong; together++) {
      const chance = choose(wrong, together) * tempted ** together * (1 - tempted) ** (wrong - together);
      const alone = wrong - together;
      const largest = Math.max(together, alone > 0 ? 1 : 0);
      if (right > largest) win += chance;
      else if (right === largest && right > 0) {
        const rivals = (together === right ? 1 : 0) + (right === 1 ? alone : 0);
        tie += chance;
        pick += chance * (PICKED[1 + rivals] ?? 0);
      }
    }
    wins.push(win);
    ties.push(tie);
    picks.push(pick);
  }
  return { wins, ties, picks };
}

const OUTCOMES = [STRANGERS, RELATIVES].map((likeness) =>
  [1, 2, 3, 4].map((members) => outcomes(members, likeness)),
);

/** What the last member decides, linear in its chances: [without it, more with it] at each difficulty. */
export interface OpenSeat {
  readonly wins: Float64Array;
  readonly ties: Float64Array;
  readonly picks: Float64Array;
}

/**
 * A council whose last member is still to be named.
 * @param best the member that stands highest: its answer counts where a tie is left
 * @param others those between, in any order; two at most
 */
export function openSeat(best: VoterChances, others: readonly VoterChances[], relatives: boolean): OpenSeat {
  const table = OUTCOMES[relatives ? 1 : 0]?.[others.length + 1];
  const seat = {
    wins: new Float64Array(2 * STRIPS),
    ties: new Float64Array(2 * STRIPS),
    picks: new Float64Array(2 * STRIPS),
  };
  if (table === undefined) return seat;
  const chancesOf = (voter: VoterChances | undefined, strip: number): number =>
    voter === undefined ? 0 : ((relatives ? voter.amongRelatives : voter.amongStrangers)[strip] ?? 0);
  const { wins, ties, picks } = table;
  for (let strip = 0; strip < STRIPS; strip++) {
    const a = chancesOf(best, strip);
    // Chances of none, one and two of the others being right.
    const [p, q] = [chancesOf(others[0], strip), chancesOf(others[1], strip)];
    const right = [(1 - p) * (1 - q), p * (1 - q) + (1 - p) * q, p * q];
    for (let count = 0; count <= others.length; count++) {
      const chance = (right[count] ?? 0) / STRIPS;
      const [at, next] = [2 * strip, 2 * strip + 1];
      // With so many others right: the last wrong, and what it adds if right.
      for (const [into, values] of [
        [seat.wins, wins],
        [seat.picks, picks],
      ] as const) {
        const [none = 0, one = 0, two = 0] = [values[count], values[count + 1], values[count + 2]];
        into[at] = (into[at] ?? 0) + chance * (a * one + (1 - a) * none);
        into[next] = (into[next] ?? 0) + chance * (a * (two - one) + (1 - a) * (one - none));
      }
      const [one = 0, two = 0] = [ties[count + 1], ties[count + 2]];
      seat.ties[at] = (seat.ties[at] ?? 0) + chance * a * one;
      seat.ties[next] = (seat.ties[next] ?? 0) + chance * a * (two - one);
    }
  }
  return seat;
}

function applied(line: Float64Array, chances: Chances): number {
  let sum = 0;
  for (let strip = 0; strip < STRIPS; strip++)
    sum += (line[2 * strip] ?? 0) + (line[2 * strip + 1] ?? 0) * (chances[strip] ?? 0);
  return sum;
}

/**
 * Chance of a right answer with this last member.
 * @param repeated members are asked several times, so that in a tie the one that agrees with itself counts
 */
export function votedRight(
  seat: OpenSeat,
  last: VoterChances,
  relatives: boolean,
  repeated: boolean,
): number {
  const chances = relatives ? last.amongRelatives : last.amongStrangers;
  const byBest = applied(seat.ties, chances);
  const tie = repeated ? Math.max(byBest, applied(seat.picks, chances)) : byBest;
  return applied(seat.wins, chances) + tie;
}
