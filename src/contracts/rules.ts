/**
 * Ways to make one answer of many (research: council). plurality: most votes · slm-mux: each member's most frequent answer,
 * and of these that of the member most at one with itself · model-switch: member after member until one agrees with itself ·
 * confidence: votes weigh what their members give for them · borda, kemeny: members rank each other's answers · medoid,
 * pairwise: the text nearest to all others, by embeddings or by agreement of words · chairman: one of them chooses and
 * quotes.
 */
export const RULES = [
  'plurality',
  'slm-mux',
  'model-switch',
  'confidence',
  'borda',
  'kemeny',
  'medoid',
  'pairwise',
  'chairman',
] as const;
export type RuleName = (typeof RULES)[number];

/** The most that one vote may count. */
export const MOST_WEIGHT = 10;

/**
 * Longest instruction of the user's own for a reviewer or chairman, characters. With five answers and a question of 2,000
 * characters each that is 14,000, some 3,500 tokens at four characters a token: it fits a context of 4,096 with the reply.
 */
export const INSTRUCTION_LIMIT = 2000;

/** When a vote may end before all have spoken. exact: only what cannot change the outcome any more; always on. */
export const STOPS = ['exact', 'adaptive-consistency', 'first-two'] as const;
export type StopName = (typeof STOPS)[number];

/** One answer of one member: a member may be asked several times (`index` 0, 1, …). */
export interface Sample {
  readonly memberId: string;
  readonly index: number;
  /** Canonical key; null: it abstained, or nothing parsed. */
  readonly key: string | null;
  readonly text: string;
  readonly tokens: number;
  /** What the member gives for it, 0..1 (P(True), or from log-probabilities); null where it was not asked. */
  readonly confidence: number | null;
  /** Orders the samples of one question by when they came: ms, or a rank. */
  readonly arrival: number;
  /** Its place among all that the round heard, 0 first; absent in older records, which go by `arrival`. */
  readonly heardAs?: number | undefined;
}

/** A member's order of the others' answers, best first: ids of members. Its own is not among them. */
export interface Ranking {
  readonly reviewerId: string;
  readonly order: readonly string[];
}

/** What a rule may look at. */
export interface Ballot {
  readonly members: readonly RuleMember[];
  /** In any order. */
  readonly samples: readonly Sample[];
  readonly rankings?: readonly Ranking[];
}

export interface RuleMember {
  readonly id: string;
  /** Measured accuracy on questions like this, 0..1: breaks ties, and orders members. */
  readonly accuracy: number;
  /** What each of its votes counts where votes are counted (plurality, confidence), 0..10; absent: 1. */
  readonly weight?: number;
}

/** What a rule says. Equal ballots give equal verdicts, in whatever order their samples are. */
export interface RuleVerdict {
  readonly key: string;
  /** Member whose words are quoted. */
  readonly speakerId: string;
  /** Decided by accuracy, because the rule itself had two or more for the best. */
  readonly tied: boolean;
  /** Of each key, what the rule gave it; the winner's is the highest, save for ties. */
  readonly scores: ReadonlyMap<string, number>;
  /** Rule that decided in place of the one that was asked for, because that had nothing to go by; absent: it did itself. */
  readonly fallback?: RuleName;
}

/** @returns null: nobody gave an answer */
export type Rule = (ballot: Ballot) => RuleVerdict | null;
