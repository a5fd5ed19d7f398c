import type { AbsentMember, CouncilMember } from '#contracts/council';
import type { MemberHistory } from '#contracts/deliberation';
import type { RuleName, StopName } from '#contracts/rules';
import type { AnswerShape } from './answer-shape.ts';
import type { Weights } from './member-say.ts';

/** Rules that need a word on the answers once they are there: no stop but their exact one ends the vote before. */
export const COMPARING: ReadonlySet<RuleName> = new Set(['borda', 'kemeny', 'chairman']);

/** How one answer is made of many. */
export interface RoundManner {
  readonly rule: RuleName;
  /** Why this rule, in words; empty where somebody named it. */
  readonly ruleReasons: readonly string[];
  /** What may end the vote besides its exact stop, which is always on. */
  readonly stop: StopName;
  /** Answers of each member: the first greedy, the others drawn. */
  readonly samples: number;
  /** Who chooses under the rule of that name; null: the best member. */
  readonly chairmanId: string | null;
  /** Whose answer wins a tie; null: that of the best member. */
  readonly tieBreaker: string | null;
  /** What votes count; null: all alike. */
  readonly weights: Weights | null;
  /** The user's own instructions; absent: ours. */
  readonly instructions: { readonly review?: string; readonly chairman?: string };
}

/** One question, to whom it is put, and how long is waited. */
export interface RoundPlan {
  readonly id: string;
  readonly prompt: string;
  readonly shape: AnswerShape;
  readonly members: readonly CouncilMember[];
  /** Members that cannot be asked: on record as failed. */
  readonly absent: readonly AbsentMember[];
  /** The exact sentence with which members decline. */
  readonly abstain: string;
  readonly seed: number;
  /** Absent: plurality of one answer each. */
  readonly manner?: Partial<RoundManner>;
  /** Earlier turns as each member is shown them, by its id. */
  readonly history?: Readonly<Record<string, MemberHistory>>;
  readonly softDeadlineMs: number;
  readonly hardDeadlineMs: number;
  readonly quorum: number;
  readonly graceMs: number;
}

export function mannerOf({ manner = {} }: RoundPlan): RoundManner {
  return {
    rule: 'plurality',
    ruleReasons: [],
    stop: 'exact',
    samples: 1,
    chairmanId: null,
    tieBreaker: null,
    weights: null,
    instructions: {},
    ...manner,
  };
}
