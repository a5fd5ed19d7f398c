import type { AnswerKind } from '#contracts/deliberation';
import { DAYS, MONTHS } from './calendar.ts';
import { questionKind } from './question-kind.ts';

/** What a question asks for, as far as its words tell, and the grammar that holds the answer to it. */
export interface AnswerShape {
  readonly kind: AnswerKind;
  /** GBNF; absent for free text. */
  readonly grammar?: string;
  readonly maxTokens: number;
}

/** Room for the longest short answer and for the sentence with which a member declines (53 characters). */
const SHORT_ANSWER_TOKENS = 72;
/** Two short sentences at one token a character. */
export const FREE_ANSWER_TOKENS = 112;

const alternatives = (words: readonly string[]): string =>
  `(${words.map((word) => `"${word}"`).join(' | ')})`;

/** One production per kind; `{m,n}` repetition as in llama.cpp's grammars/README.md. */
const PRODUCTIONS: Readonly<Record<Exclude<AnswerKind, 'free'>, string>> = {
  number: '"-"? [0-9]{1,9}',
  'yes-no': '"yes" | "no"',
  word: '[a-z]{1,32}',
  list: '"-"? [0-9]{1,6} (", " "-"? [0-9]{1,6}){1,11}',
  day: alternatives(DAYS),
  date: `[1-3]? [0-9] " " ${alternatives(MONTHS)}`,
};

/**
 * Reads the shape of the answer from the question's words. A grammar always admits `abstain` as well: a member that
 * cannot answer must be able to say so rather than be forced into a wrong number.
 * @param abstain the exact sentence with which members decline
 */
export function answerShape(prompt: string, abstain: string): AnswerShape {
  const kind = questionKind(prompt);
  if (kind === 'free') return { kind, maxTokens: FREE_ANSWER_TOKENS };
  const grammar = `root ::= answer | ${JSON.stringify(abstain)}\nanswer ::= ${PRODUCTIONS[kind]}`;
  return { kind, grammar, maxTokens: SHORT_ANSWER_TOKENS };
}
