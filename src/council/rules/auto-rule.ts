import type { AnswerKind } from '#contracts/deliberation';
import type { Tier } from '#contracts/hardware';
import type { RuleName } from '#contracts/rules';

/** What the choice of a rule looks at. */
export interface RuleSituation {
  readonly kind: AnswerKind;
  /** Members that will be asked. */
  readonly members: number;
  /** Samples that each may give. */
  readonly samplesPerMember: number;
  /** Null where it is not known. */
  readonly tier: Tier | null;
  /** Models are loaded one after the other, because they do not fit in memory together. */
  readonly oneModelAtATime: boolean;
  /** Until the answer is wanted, ms; null: no limit. */
  readonly timeBudgetMs: number | null;
  /** Predicted length of one answer of one member, ms; null: not measured. */
  readonly answerMs: number | null;
  /** Members give confidences for their answers. */
  readonly confidences: boolean;
  /** A model for embeddings is at hand. */
  readonly embeddings: boolean;
  /** The user chose a strong remote as chairman. */
  readonly chairmanChosen: boolean;
  /** The user gave members weights that differ. Absent: no. */
  readonly weighed?: boolean;
}

export interface RuleChoice {
  readonly rule: RuleName;
  /** Samples that the rule should be given of each member. */
  readonly samplesPerMember: number;
  /** Why, in words; never empty. */
  readonly reasons: readonly string[];
}

/** Samples that fit in the time when a member's samples come one after the other; all of them when nothing is known. */
function samplesInTime({
  samplesPerMember,
  timeBudgetMs,
  answerMs,
  oneModelAtATime,
  members,
}: RuleSituation): number {
  const wanted = Math.max(1, samplesPerMember);
  if (timeBudgetMs === null || answerMs === null || answerMs <= 0) return wanted;
  const inARow = oneModelAtATime ? Math.max(1, members) : 1;
  return Math.max(1, Math.min(wanted, Math.floor(timeBudgetMs / (answerMs * inARow))));
}

function forShortAnswers(situation: RuleSituation, samples: number): RuleChoice {
  const { members, oneModelAtATime, tier, confidences } = situation;
  const choice = (rule: RuleName, ...reasons: string[]): RuleChoice => ({
    rule,
    samplesPerMember: samples,
    reasons,
  });
  if (situation.weighed === true) {
    return choice('plurality', 'You gave members weights: most votes, each counting what you gave it.');
  }
  if (samples === 1) {
    return choice('plurality', 'Short answers, one from each member: most votes.');
  }
  if (members <= 1) {
    return confidences
      ? choice('confidence', 'One member, asked several times: its votes weigh what it gives for them.')
      : choice('plurality', 'One member, asked several times: the answer it gives most often.');
  }
  if (oneModelAtATime) {
    return choice(
      'model-switch',
      'Models are loaded one after the other: the next is asked only when one is not at one with itself.',
    );
  }
  return choice(
    'slm-mux',
    'Short answers, several from each member: the member most at one with itself has the say.',
    ...(tier === 'low'
      ? ['Small models lose by reading each other’s answers, so no text passes between them.']
      : []),
  );
}

function forFreeText(situation: RuleSituation, samples: number): RuleChoice {
  const { members, embeddings, chairmanChosen } = situation;
  const choice = (rule: RuleName, ...reasons: string[]): RuleChoice => ({
    rule,
    samplesPerMember: samples,
    reasons,
  });
  if (members * samples < 2) return choice('plurality', 'There is one answer only.');
  if (chairmanChosen) {
    return choice(
      'chairman',
      'Free text, and you chose a chairman: it picks an answer, which is quoted word for word.',
    );
  }
  if (members * samples === 2) {
    return choice(
      'plurality',
      'Two texts are equally near to each other: that of the more accurate member is quoted.',
    );
  }
  return embeddings
    ? choice('medoid', 'Free text: the answer nearest in meaning to all others is quoted.')
    : choice('pairwise', 'Free text: the answer that shares most words with the others is quoted.');
}

/**
 * The rule that Auto takes. Evidence: council research §0 and A2–A11. Ranking each other (Borda, Kemeny) is never chosen by
 * itself: it costs N² readings, on recorded ballots it differs from plurality by no more than 0.2 points, and small models judge badly.
 * A chairman only when the user chose one.
 */
export function chooseRule(situation: RuleSituation): RuleChoice {
  const samples = samplesInTime(situation);
  const wanted = Math.max(1, situation.samplesPerMember);
  const chosen =
    situation.kind === 'free' ? forFreeText(situation, samples) : forShortAnswers(situation, samples);
  const notes = [
    ...(samples === wanted ? [] : [`There is time for ${samples} of ${wanted} answers from each member.`]),
    ...(situation.weighed === true && situation.kind === 'free'
      ? ['Long texts are compared, not counted, so that your weights have no say.']
      : []),
  ];
  return notes.length === 0 ? chosen : { ...chosen, reasons: [...chosen.reasons, ...notes] };
}
