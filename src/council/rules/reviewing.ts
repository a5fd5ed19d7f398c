import { REVIEW_INSTRUCTION } from '#contracts/instructions';
import type { Ballot } from '#contracts/rules';
import type { CastVote } from './ballot-order.ts';
import { fenced, labelled, seedFor, shuffled, type LabelMap } from './labels.ts';
import { rankedAnswers } from './rankings.ts';

/** Enough for a few paragraphs; five of them with the question fit a context of 4,096 tokens at 4 characters a token. */
export const REVIEWED_CHARACTERS = 2000;

export interface Review {
  readonly reviewerId: string;
  readonly prompt: string;
  /** Members whose answers stand under the labels. */
  readonly labels: LabelMap<string>;
}

export interface ReviewPlan {
  readonly question: string;
  /** Seed of the round: every reviewer gets an order of its own from it. */
  readonly seed: number;
  readonly instruction?: string;
  readonly maxCharacters?: number;
}

/** The answers that a reviewer ranks: all but its own, in an order of its own. */
function answersFor(ballot: Ballot, reviewerId: string, seed: number): readonly CastVote[] {
  const others = rankedAnswers(ballot).filter(({ memberId }) => memberId !== reviewerId);
  return shuffled(others, seedFor(seed, reviewerId));
}

/**
 * The prompt with which a member ranks the others' answers: its own is not among them, names are not told, and the order is
 * shuffled for each reviewer, so that a bias for the first place falls on all alike (council research A8).
 * @returns null when there are fewer than two answers of others: nothing to rank
 */
export function reviewOf(ballot: Ballot, reviewerId: string, plan: ReviewPlan): Review | null {
  const answers = labelled(answersFor(ballot, reviewerId, plan.seed));
  if (answers.size < 2) return null;
  const limit = plan.maxCharacters ?? REVIEWED_CHARACTERS;
  const prompt = [
    plan.instruction ?? REVIEW_INSTRUCTION,
    `<question>\n${fenced(plan.question, limit)}\n</question>`,
    ...[...answers].map(
      ([label, { text }]) => `<answer letter="${label}">\n${fenced(text, limit)}\n</answer>`,
    ),
  ].join('\n\n');
  return {
    reviewerId,
    prompt,
    labels: new Map([...answers].map(([label, { memberId }]) => [label, memberId])),
  };
}
