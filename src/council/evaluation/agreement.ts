import { mannWhitneyU } from '#kernel/statistics-ranks';
import type { EvalReport } from '#contracts/evaluation';
import { isRight, samplesOf, type Judged } from './judged.ts';

/** Members' first answers are all there and all the same. */
export function isUnanimous(each: Judged, members: number): boolean {
  const first = samplesOf(each, 1);
  const [one] = first;
  return first.length === members && one?.key != null && first.every(({ key }) => key === one.key);
}

/** Abstentions count as parsed; an answer that never came does not. 1 when no short answer was asked for. */
export function parsedShareOf(judged: readonly Judged[], members: number, count: number): number {
  const short = judged.filter(({ kind }) => kind !== 'free');
  const asked = short.length * members * count;
  const parsed = short.flatMap((each) =>
    samplesOf(each, count).filter(({ abstained, key }) => abstained || key !== null),
  );
  return asked === 0 ? 1 : parsed.length / asked;
}

/** How often two members that are both wrong say the same (Kim et al., ICML 2025: 60 % of the time). */
export function wrongTogether(judged: readonly Judged[]): EvalReport['wrongTogether'] {
  let pairs = 0;
  let same = 0;
  for (const each of judged) {
    const wrong = samplesOf(each, 1).flatMap(({ key }) => (key === null || isRight(each, key) ? [] : [key]));
    for (const [place, key] of wrong.entries()) {
      const others = wrong.slice(place + 1);
      pairs += others.length;
      same += others.filter((other) => other === key).length;
    }
  }
  return { pairs, same };
}

/** Of the question's answers, the share that is the one given, 0..1; what did not vote counts against it. */
function agreementWith(each: Judged, key: string | null, voters: number, count: number): number {
  const inFavour = samplesOf(each, count).filter((sample) => key !== null && sample.key === key);
  return voters === 0 ? 0 : inFavour.length / voters;
}

/**
 * Selective prediction: answer only where at least so many agree, and see how many of these answers are right. AUROC is
 * Mann–Whitney's U over all pairs of a right and a wrong answer.
 */
export function riskCoverage(
  judged: readonly Judged[],
  keys: readonly (string | null)[],
  members: number,
  count: number,
): EvalReport['riskCoverage'] {
  const rows = judged.map((each, index) => {
    const key = keys[index] ?? null;
    return { right: isRight(each, key), agreement: agreementWith(each, key, members * count, count) };
  });
  const ofRight = rows.filter(({ right }) => right).map(({ agreement }) => agreement);
  const ofWrong = rows.filter(({ right }) => !right).map(({ agreement }) => agreement);
  const both = ofRight.length > 0 && ofWrong.length > 0;
  const levels = [...new Set(rows.map(({ agreement }) => agreement))].sort((a, b) => b - a);
  return {
    auroc: both ? mannWhitneyU(ofRight, ofWrong).u / (ofRight.length * ofWrong.length) : null,
    points: levels.map((level) => {
      const kept = rows.filter(({ agreement }) => agreement >= level);
      return {
        agreement: level,
        total: kept.length,
        correct: kept.filter(({ right }) => right).length,
        coverage: kept.length / rows.length,
      };
    }),
  };
}
