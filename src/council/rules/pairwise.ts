import type { Rule } from '#contracts/rules';
import { votesBestFirst } from './ballot-order.ts';
import { centralVote } from './central-text.ts';
import { wordF1, wordsIn } from './word-overlap.ts';

/**
 * Pairwise agreement of free texts: the text with the highest mean F1 of words with all others (consensus decoding: minimum
 * Bayes risk with F1 as the gain, Kumar & Byrne 2004). Needs no model, and knows words only: "not" weighs as much as "the".
 * A key's score is that mean, 0..1.
 */
export const pairwise: Rule = (ballot) => {
  const votes = votesBestFirst(ballot);
  const words = new Map(votes.map((vote) => [vote, wordsIn(vote.text)]));
  return centralVote(votes, (one, other) => wordF1(words.get(one) ?? [], words.get(other) ?? []));
};
