import { seededRandom } from '#kernel/random';
import { pairsNeeded } from '#kernel/statistics-power';
import { wilsonInterval } from '#kernel/statistics-proportions';
import type { CouncilTrial, RecordedBallot, Recommendation } from '#contracts/calibration';
import type { Rule, RuleName } from '#contracts/rules';
import { admissionsOf } from './admission.ts';
import { compareCautiously, countTrue } from './arms.ts';
import {
  ballotOf,
  isRight,
  judge,
  mostFrequent,
  samplesOf,
  type EvaluatedMember,
  type Judged,
} from './judged.ts';

export interface RecommendationInput {
  readonly members: readonly EvaluatedMember[];
  readonly ballots: readonly RecordedBallot[];
  /** Answers of each member to each question. */
  readonly samples: number;
  /** The rule that the council would use. */
  readonly rule: RuleName;
  readonly decide: Rule;
  readonly seed: number;
}

/** λ of research/council.md §2 A3: a question that a council wins and one that it talks itself out of count alike. */
export const LAMBDA = 1;
/** Accuracy peaks at two members and is level at three (SLM-MUX, arXiv 2510.05077). */
const LARGEST = 3;
/** Councils that a recommendation lists. */
const LISTED = 20;
/** 1,000 draws give a share to ±3 points. */
const RESAMPLES = 1_000;
/** A difference that a person would care about (research/council.md §3), share of questions. */
const WORTHWHILE = 0.05;
/** Bar of the project: the interval may reach one point below zero. */
const NO_WORSE_POINTS = -1;

interface Trial {
  readonly council: CouncilTrial;
  readonly right: readonly boolean[];
}

function subsets<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  if (size === 0) return [[]];
  return items.flatMap((first, place) =>
    subsets(items.slice(place + 1), size - 1).map((rest) => [first, ...rest]),
  );
}

/** What a member says to a question by all its answers, and whether it always says so. */
interface Stand {
  readonly isRight: boolean;
  readonly isFirm: boolean;
}

function standsOf(judged: readonly Judged[], id: string, count: number): readonly Stand[] {
  return judged.map((each) => {
    const own = samplesOf(each, count, (memberId) => memberId === id);
    const key = mostFrequent(own);
    return {
      isRight: isRight(each, key),
      isFirm: key !== null && own.every((sample) => sample.key === key),
    };
  });
}

/** A council replayed on the whole record. */
function trialOf(
  seats: readonly EvaluatedMember[],
  stands: ReadonlyMap<string, readonly Stand[]>,
  judged: readonly Judged[],
  { decide, samples }: Pick<RecommendationInput, 'decide' | 'samples'>,
): Trial {
  const ids = new Set(seats.map(({ id }) => id));
  const right = judged.map((each) => {
    const heard = samplesOf(each, samples, (memberId) => ids.has(memberId));
    return isRight(each, decide(ballotOf(seats, heard))?.key);
  });
  const total = judged.length;
  const among = (index: number): readonly Stand[] => seats.flatMap(({ id }) => stands.get(id)?.[index] ?? []);
  const share = (isOf: (own: readonly Stand[]) => boolean): number =>
    judged.filter((_, index) => isOf(among(index))).length / Math.max(1, total);
  const union = share((own) => own.some((stand) => stand.isRight));
  const contradiction = share(
    (own) => own.some((stand) => stand.isRight) && own.some((stand) => !stand.isRight && stand.isFirm),
  );
  const correct = countTrue(right);
  return {
    right,
    council: {
      members: seats.map(({ id }) => id),
      total,
      correct,
      accuracy: total === 0 ? 0 : correct / total,
      ci95: [...wilsonInterval(correct, total)],
      union,
      contradiction,
      objective: union - LAMBDA * contradiction,
    },
  };
}

/** More right answers first; of equals the smaller council, then the higher objective, then members in the order given. */
function byMerit({ council: a }: Trial, { council: b }: Trial): number {
  return b.correct - a.correct || a.members.length - b.members.length || b.objective - a.objective;
}

/** How often no trial is better than the first when the questions are drawn again. */
function stabilityOf(trials: readonly Trial[], questions: number, seed: number): number | null {
  if (trials.length === 0 || questions === 0) return null;
  const random = seededRandom(seed);
  const columns = trials.map(({ right }) => Uint8Array.from(right, Number));
  let first = 0;
  for (let resample = 0; resample < RESAMPLES; resample += 1) {
    const scores = new Uint32Array(columns.length);
    for (let draw = 0; draw < questions; draw += 1) {
      const question = Math.floor(random() * questions);
      for (const [place, column] of columns.entries())
        scores[place] = (scores[place] ?? 0) + (column[question] ?? 0);
    }
    if (scores.every((score) => score <= (scores[0] ?? 0))) first += 1;
  }
  return first / RESAMPLES;
}

function versus(
  best: Trial,
  alone: { readonly id: string; readonly right: readonly boolean[] },
  seed: number,
): NonNullable<Recommendation['versusAlone']> {
  const compared = compareCautiously(best.right, alone.right, seed);
  const [low, high] = compared.ci95;
  const verdict =
    low > 0 ? 'better' : high < 0 ? 'worse' : low > NO_WORSE_POINTS ? 'no-worse' : 'cannot-tell';
  return { memberId: alone.id, ...compared, verdict };
}

/**
 * The best pair or trio of a record: every council of two or three admitted members is replayed, and the one with the most
 * right answers under the rule it would use is first. Chosen and measured on the same questions, its accuracy is a little
 * too good; `stability` says how much of the choice is luck. A member is refused when it is more than 10 points below the
 * best one.
 */
export function recommend(input: RecommendationInput): Recommendation {
  const { members, samples, rule, seed } = input;
  const judged = judge(input.ballots, members);
  const { admissions, greedy } = admissionsOf(judged, members, seed);
  const refused = new Set(
    admissions.flatMap(({ admission, memberId }) => (admission === 'refused' ? [memberId] : [])),
  );
  const admitted = members.filter(({ id }) => !refused.has(id));
  const stands = new Map(members.map(({ id }) => [id, standsOf(judged, id, samples)]));
  const trials = Array.from({ length: LARGEST - 1 }, (_, index) => index + 2)
    .flatMap((size) => subsets(admitted, size))
    .map((seats) => trialOf(seats, stands, judged, input))
    .sort(byMerit);
  const [best] = trials;
  const alone = admissions.find(({ admission }) => admission === 'best');
  const aloneRight = alone === undefined ? undefined : greedy.get(alone.memberId);
  const against =
    best === undefined || alone === undefined || aloneRight === undefined || judged.length === 0
      ? null
      : { best, alone: { id: alone.memberId, right: aloneRight } };
  const discordant =
    against === null
      ? 0
      : countTrue(against.best.right.map((hit, index) => hit !== against.alone.right[index])) / judged.length;
  return {
    rule,
    lambda: LAMBDA,
    questions: judged.length,
    councils: trials.slice(0, LISTED).map(({ council }) => council),
    admissions,
    versusAlone: against === null ? null : versus(against.best, against.alone, seed),
    stability: stabilityOf(trials, judged.length, seed),
    questionsNeeded: against === null ? null : pairsNeeded(Math.max(discordant, WORTHWHILE), WORTHWHILE),
  };
}
