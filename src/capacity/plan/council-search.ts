import { MAX_SCORE_SPREAD } from '#contracts/council-catalogue';
import type { Goal } from '#contracts/plan';
import { sameModel, type Contender } from './contender.ts';
import { bitOf, familiesOf, lateBit, memoryBits, settledBits, WORK_BITS, type Terms } from './check-bits.ts';
import { answerTime } from './council-time.ts';
import { CONTEXTS } from './goal-limits.ts';
import { SCORE_PER_DOUBLING } from './standing.ts';
import { openSeat, votedRight, type OpenSeat } from './vote-quality.ts';

/** A council with the settings that it would have. */
export interface Choice {
  /** The one that stands highest first. */
  readonly members: readonly Contender[];
  /** Index into `CONTEXTS`. */
  readonly level: number;
  readonly samples: number;
  /** Chance of a right answer, as reckoned for comparing councils. */
  readonly quality: number;
  /** What the goal is measured by; higher is better. */
  readonly utility: number;
  /** Bits of the checks that do not pass. */
  readonly failing: number;
}

/**
 * A council shows where its members differ; a single model never says when to doubt it. Worth as much as one size: two
 * models are preferred to one of twice the size, which takes as much memory and time. A judgement.
 */
const SECOND_OPINION = SCORE_PER_DOUBLING / 100;

/** What halving the context may cost in quality: one point of a hundred, so that members count more. A judgement. */
const CONTEXT_POINT = 0.01;

/** Of two councils that are as good the sooner: a twentieth of a point for each doubling of the time. */
const TIE_BREAK = 0.0005;

/**
 * balanced: at this time, twice the time must buy what twice the size buys; below it less, beyond it more. Without such a
 * bend the largest or the smallest would always win, for score and logarithm of time both grow with the logarithm of size.
 */
const BALANCED_MS = 10_000;
const BALANCED_COST = (2 * SCORE_PER_DOUBLING) / 100;

function utilityOf(goal: Goal, quality: number, families: number, level: number, ms: number): number {
  const context = CONTEXT_POINT * level;
  const tie = TIE_BREAK * Math.log2(1 + ms / 1000);
  const worth = quality + (families > 1 ? SECOND_OPINION : 0) - context - tie;
  switch (goal) {
    case 'quality':
      return worth;
    case 'balanced':
      return worth - BALANCED_COST * Math.log2(1 + ms / BALANCED_MS);
    case 'speed':
      // The least time; between equals, the better.
      return -Math.log2(1 + ms) + TIE_BREAK * worth;
  }
}

/** No vote is right more often than its best member by more than this: four alike gain 0.08 at most. */
const MOST_GAIN = 0.1;

/**
 * The quality of a council that is full with `last`.
 * @param kinSeat where some are of one family, which then never counts as a gain; else null
 */
const voteOf =
  (seat: OpenSeat, kinSeat: OpenSeat | null, last: Contender) =>
  (repeated: boolean): number => {
    const asStrangers = votedRight(seat, last.voter, false, repeated);
    return kinSeat === null
      ? asStrangers
      : Math.min(asStrangers, votedRight(kinSeat, last.voter, true, repeated));
  };

/** Checks that a larger council does not pass where a smaller one does not. */
const LASTING = WORK_BITS & ~bitOf('first-token');

/**
 * The best choice for each set of failing checks, unless one that fails less is as good: the best under some checks is the best
 * of the sets without them.
 */
export class Choices {
  #kept: readonly Choice[] = [];

  /** Whether a choice that fails these checks would be the best under some. */
  useful(failing: number, utility: number): boolean {
    for (const known of this.#kept)
      if ((known.failing & ~failing) === 0 && known.utility >= utility) return false;
    return true;
  }

  offer(choice: Choice): void {
    if (!this.useful(choice.failing, choice.utility)) return;
    const { failing, utility } = choice;
    // Those that fail as much or more and are no better are not needed any more.
    this.#kept = [
      ...this.#kept.filter((known) => (failing & ~known.failing) !== 0 || known.utility > utility),
      choice,
    ];
  }

  /** @returns null where nothing passes all these checks */
  best(required: number): Choice | null {
    let best: Choice | null = null;
    for (const choice of this.#kept)
      if ((choice.failing & required) === 0 && (best === null || choice.utility > best.utility))
        best = choice;
    return best;
  }
}

/** The least that one more member takes. */
interface Least {
  readonly mainBytes: number;
  readonly medianMs: number;
  /** Null where some speed is not known. */
  readonly highMs: number | null;
}

interface Pair {
  readonly best: Contender;
  readonly second: Contender;
  /** Of the second one in the pool. */
  readonly index: number;
  /** Bits that fail at the least settings. */
  readonly failing: number;
}

/** Judges councils of one pool. */
export class CouncilSearch {
  readonly choices = new Choices();
  /** Councils looked at. */
  tried = 0;
  readonly #pool: readonly Contender[];
  readonly #terms: Terms;
  readonly #levels: readonly number[];
  /** The shortest context, as an index into `CONTEXTS`. */
  readonly #lowest: number;
  /** Of all contenders from each place on. */
  readonly #least: readonly Least[];

  constructor(pool: readonly Contender[], terms: Terms) {
    this.#terms = terms;
    this.#pool = [...pool].sort(
      (a, b) =>
        b.standing.value - a.standing.value ||
        a.rankMs - b.rankMs ||
        (a.demands[0]?.highBytes ?? 0) - (b.demands[0]?.highBytes ?? 0) ||
        (a.id < b.id ? -1 : 1),
    );
    const levels = CONTEXTS.flatMap((tokens, level) => (tokens >= terms.leastContext ? [level] : []));
    this.#levels = levels.length > 0 ? levels : [0];
    this.#lowest = this.#levels.at(-1) ?? 0;
    this.#least = this.#leastFrom();
  }

  /**
   * All councils of up to three members, and of four, but for those that could not be the best. Pairs come first: what is
   * known of them spares most of the larger ones.
   */
  run(): Choices {
    const { mostSeats } = this.#terms;
    for (const best of this.#pool) this.#consider([best], () => best.standing.value);
    const pairs = mostSeats > 1 ? this.#pool.flatMap((best, index) => this.#pairs(best, index)) : [];
    if (mostSeats > 2) for (const pair of pairs) this.#thirds(pair);
    return this.choices;
  }

  /** @param members the one that stands highest first */
  #joins(members: readonly Contender[], next: Contender): boolean {
    const spread = ((members[0]?.standing.value ?? 0) - next.standing.value) * 100;
    return spread <= MAX_SCORE_SPREAD && !members.some((member) => sameModel(member, next));
  }

  /** Where members work beside one another one more may take no time at all. */
  #leastFrom(): readonly Least[] {
    const { lanes } = this.#terms;
    const inTurn = this.#pool.every(({ lane }) => lane !== 'remote' && lanes[lane] <= 1);
    const least: Least[] = [];
    for (const { speed, rankMs, demands } of [...this.#pool].reverse()) {
      const before = least[0];
      const mainBytes = demands[this.#lowest]?.mainBytes ?? 0;
      const highMs = speed?.answerMs.high ?? null;
      const lesser = (value: number, known: number | undefined): number => Math.min(value, known ?? Infinity);
      const known = before === undefined || before.highMs !== null;
      least.unshift({
        mainBytes: lesser(mainBytes, before?.mainBytes),
        medianMs: inTurn ? lesser(rankMs, before?.medianMs) : 0,
        highMs: !known || highMs === null ? null : inTurn ? lesser(highMs, before?.highMs ?? undefined) : 0,
      });
    }
    return least;
  }

  #pairs(best: Contender, index: number): Pair[] {
    const seat = openSeat(best.voter, [], false);
    const kinSeat = openSeat(best.voter, [], true);
    const alone = [best];
    const pairs: Pair[] = [];
    for (let j = index + 1; j < this.#pool.length; j++) {
      const second = this.#pool[j];
      if (second === undefined || !this.#joins(alone, second)) continue;
      const kin = best.family === second.family;
      const failing = this.#consider([best, second], voteOf(seat, kin ? kinSeat : null, second));
      pairs.push({ best, second, index: j, failing });
    }
    return pairs;
  }

  #thirds({ best, second, index, failing }: Pair): void {
    const pair = [best, second];
    const kin = best.family === second.family;
    const seat = openSeat(best.voter, [second.voter], false);
    const fourths =
      this.#terms.mostSeats > 3 &&
      !kin &&
      this.#hopeful(pair, failing, openSeat(best.voter, [second.voter, second.voter], false), index, 2);
    if (!fourths && !this.#hopeful(pair, failing, seat, index, 1)) return;
    const kinSeat = openSeat(best.voter, [second.voter], true);
    for (let k = index + 1; k < this.#pool.length; k++) {
      const third = this.#pool[k];
      if (third === undefined || !this.#joins(pair, third)) continue;
      const three = [best, second, third];
      const akin = kin || third.family === best.family || third.family === second.family;
      const failingNow = this.#consider(three, voteOf(seat, akin ? kinSeat : null, third));
      // From a fourth family only: one more of a family that sits adds next to nothing.
      if (fourths && !akin) this.#fourths(three, best, second, third, k, failingNow);
    }
  }

  #fourths(
    three: readonly Contender[],
    best: Contender,
    second: Contender,
    third: Contender,
    index: number,
    failing: number,
  ): void {
    const seat = openSeat(best.voter, [second.voter, third.voter], false);
    if (!this.#hopeful(three, failing, seat, index, 1)) return;
    for (let l = index + 1; l < this.#pool.length; l++) {
      const fourth = this.#pool[l];
      if (fourth === undefined || !this.#joins(three, fourth)) continue;
      if (three.some(({ family }) => family === fourth.family)) continue;
      this.#consider([...three, fourth], voteOf(seat, null, fourth));
    }
  }

  /**
   * Whether a council of these and so many more could be the best under some checks: if those to come stood as high as
   * `last`, and took no more than the least of them. None that comes later stands higher, and none mends what fails, but
   * for the first token.
   * @param index of the last one in the pool
   */
  #hopeful(
    members: readonly Contender[],
    failing: number,
    seat: OpenSeat,
    index: number,
    more: number,
  ): boolean {
    const { goal, lanes, limits, whole, room } = this.#terms;
    const last = members.at(-1);
    const least = this.#least[index + 1];
    if (last === undefined || least === undefined) return false;
    const { median, high } = answerTime(members, lanes);
    const mainBytes = members.reduce((sum, { demands }) => sum + (demands[this.#lowest]?.mainBytes ?? 0), 0);
    let certain = failing & LASTING;
    if (mainBytes + more * least.mainBytes > room.membersBytes) certain |= bitOf('memory');
    // Of unknown speed nothing is ever late.
    if (
      least.highMs !== null &&
      members.every(({ speed }) => speed !== null) &&
      high + more * least.highMs > limits.answerMs
    )
      certain |= bitOf('latency');
    const quality = votedRight(seat, last.voter, false, limits.samples.length > 1);
    return (
      whole || this.choices.useful(certain, utilityOf(goal, quality, 2, 0, median + more * least.medianMs))
    );
  }

  /**
   * Takes a council into account with each context, and each number of samples.
   * @param vote its quality, which is reckoned only where it could matter
   * @returns bits that fail at the least settings
   */
  #consider(members: readonly Contender[], vote: (repeated: boolean) => number): number {
    this.tried++;
    const { goal, limits, lanes, whole } = this.#terms;
    const settled = settledBits(members, this.#terms);
    const several = familiesOf(members);
    const once = answerTime(members, lanes);
    const reckoned = new Map<number, number>();
    let least = 0;
    let before = -1;
    for (const level of this.#levels) {
      const memory = memoryBits(members, level, this.#terms);
      least = settled | memory | lateBit(members, once, 1, this.#terms);
      // What a shorter context does not mend it does not better.
      if (memory === before) continue;
      before = memory;
      for (const samples of limits.samples) {
        const failing = settled | memory | lateBit(members, once, samples, this.#terms);
        const worth = (quality: number): number =>
          utilityOf(goal, quality, several, level, once.median * samples) + (whole ? members.length : 0);
        const best = members[0]?.standing.value ?? 0;
        if (!this.choices.useful(failing, worth(Math.min(1, best + MOST_GAIN)))) continue;
        const quality = reckoned.get(samples) ?? vote(samples > 1);
        reckoned.set(samples, quality);
        const utility = worth(quality);
        if (this.choices.useful(failing, utility))
          this.choices.offer({ members, level, samples, quality, utility, failing });
      }
    }
    return least;
  }
}
