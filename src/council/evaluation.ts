import { pairedDifferenceInterval } from '#kernel/statistics-bootstrap';
import { mcnemarExact, wilsonInterval } from '#kernel/statistics-proportions';
import type { AnswerKind } from '#contracts/deliberation';
import type { EvalArm, EvalPair, EvalReport } from '#contracts/evaluation';

/** What one member said to one question. */
export interface RecordedVote {
  readonly memberId: string;
  readonly text: string;
  /** Canonical key; null when it abstained or nothing parsed. */
  readonly key: string | null;
  readonly tokens: number;
  /** It said, in the agreed words, that it cannot answer. */
  readonly abstained: boolean;
  /** Orders the votes of one question by when they came: milliseconds or a rank. */
  readonly arrival: number;
}

/** One question and every answer to it, recorded to the end: nobody was cut off. */
export interface RecordedBallot {
  readonly question: {
    readonly id: string;
    readonly family: string;
    readonly kind: AnswerKind;
    readonly answer: string;
  };
  /** At most one per member; a member that failed has none, which counts as wrong and not parsed. */
  readonly votes: readonly RecordedVote[];
}

export interface EvaluatedMember {
  readonly id: string;
  /** Accuracy on the dev split, 0..1: chooses the best member and breaks ties. Never the split under test. */
  readonly devAccuracy: number;
}

export interface KeyedVote {
  readonly memberId: string;
  readonly key: string;
}

export interface EvaluationInput {
  readonly split: EvalReport['split'];
  readonly questionSetSha256: string;
  readonly seed: number;
  readonly wallMs: number;
  readonly members: readonly EvaluatedMember[];
  readonly ballots: readonly RecordedBallot[];
  readonly canonicalKey: (kind: AnswerKind, text: string) => string | null;
  /** The rule under test; null when there is no vote. */
  readonly plurality: (
    votes: readonly KeyedVote[],
    accuracyOf: (memberId: string) => number,
  ) => { readonly key: string } | null;
}

/** A ballot with everything the arms need worked out once. */
interface Judged {
  readonly ballot: RecordedBallot;
  /** Votes that count, in order of arrival. */
  readonly votes: readonly RecordedVote[];
  readonly winner: string | null;
  readonly truth: string | null;
}

/** One arm: for each question, was it right; and what it cost. */
interface Column {
  readonly name: string;
  readonly right: readonly boolean[];
  readonly calls: number;
  readonly tokens: number;
  readonly abstained: number;
}

function countTrue(flags: readonly boolean[]): number {
  return flags.filter(Boolean).length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
