import type { AnswerKind } from '#contracts/deliberation';
import type { RecordedBallot, RecordedSample } from '#contracts/calibration';
import type { Ballot, Rule, RuleName } from '#contracts/rules';
import { canonicalKey } from '../canonical-key.ts';

export interface EvaluatedMember {
  readonly id: string;
  /** Accuracy on the dev split, 0..1: chooses the best member and breaks ties. Never of the split under test. */
  readonly devAccuracy: number;
}

/** The rules that there are; a council has always the plurality. */
export type RuleSet = Readonly<Partial<Record<RuleName, Rule>>> & { readonly plurality: Rule };

/** A recorded question with everything that the arms need worked out once. */
export interface Judged {
  readonly family: string;
  readonly kind: AnswerKind;
  /** Key of the right answer; null when the set's own answer is none of its kind. */
  readonly truth: string | null;
  /** Every answer, first answers first, members in their order. What abstained has no key. */
  readonly samples: readonly RecordedSample[];
}

export function judge(ballots: readonly RecordedBallot[], members: readonly EvaluatedMember[]): Judged[] {
  const places = new Map(members.map(({ id }, place) => [id, place]));
  const placeOf = ({ memberId }: RecordedSample): number => places.get(memberId) ?? Infinity;
  return ballots.map(({ question: { family, kind, answer }, samples }) => ({
    family,
    kind,
    truth: canonicalKey(kind, answer),
    samples: samples
      .filter(({ memberId }) => places.has(memberId))
      .map((sample) => (sample.abstained ? { ...sample, key: null } : sample))
      .sort((a, b) => a.index - b.index || placeOf(a) - placeOf(b)),
  }));
}

export function isRight({ truth }: Pick<Judged, 'truth'>, key: string | null | undefined): boolean {
  return truth !== null && key === truth;
}

/** The first `count` answers of each of these members, or of one. */
export function samplesOf(
  { samples }: Judged,
  count: number,
  isWanted: (memberId: string) => boolean = () => true,
): readonly RecordedSample[] {
  return samples.filter(({ memberId, index }) => index < count && isWanted(memberId));
}

/** What a rule sees of it. */
export function ballotOf(members: readonly EvaluatedMember[], samples: Ballot['samples']): Ballot {
  return { members: members.map(({ id, devAccuracy }) => ({ id, accuracy: devAccuracy })), samples };
}

/** Self-consistency of one voice (Wang et al., arXiv 2203.11171): its most frequent key; of equals the one it said first. */
export function mostFrequent(samples: readonly { readonly key: string | null }[]): string | null {
  const counts = new Map<string, number>();
  for (const { key } of samples) if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
  let best: string | null = null;
  for (const [key, count] of counts) if (best === null || count > (counts.get(best) ?? 0)) best = key;
  return best;
}

/** The best on dev; the first of equals. */
export function bestOnDev(members: readonly EvaluatedMember[]): EvaluatedMember | undefined {
  return members.reduce<EvaluatedMember | undefined>(
    (best, member) => (best === undefined || member.devAccuracy > best.devAccuracy ? member : best),
    undefined,
  );
}
