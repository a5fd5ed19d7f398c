import type { AnswerKind } from '#contracts/deliberation';
import { DAYS, MONTHS } from './calendar.ts';
import type { AnswerContext } from './canonical-key.ts';
import { optionsOf, type ChoiceOption } from './choice-options.ts';
import { questionKind, type WordedKind } from './question-kind.ts';
import { rationalForm, type RationalForm } from './rational-question.ts';

/** What a question asks for, as far as its words tell, and the grammar that holds the answer to it. */
export interface AnswerShape {
  readonly kind: AnswerKind;
  /** GBNF; absent for free text. */
  readonly grammar?: string;
  readonly maxTokens: number;
  /** What canonical keys need to know of the question; absent: nothing. */
  readonly context?: AnswerContext;
}

/** Room for the longest short answer and for the sentence with which a member declines (53 characters). */
const SHORT_ANSWER_TOKENS = 72;
/** Two short sentences at one token a character. */
export const FREE_ANSWER_TOKENS = 112;

const alternatives = (words: readonly string[]): string =>
  `(${words.map((word) => `"${word}"`).join(' | ')})`;

/** One production per kind; `{m,n}` repetition as in llama.cpp's grammars/README.md. */
const PRODUCTIONS: Readonly<Record<Exclude<WordedKind, 'free'>, string>> = {
  number: '"-"? [0-9]{1,9}',
  'yes-no': '"yes" | "no"',
  word: '[a-z]{1,32}',
  list: '"-"? [0-9]{1,6} (", " "-"? [0-9]{1,6}){1,11}',
  day: alternatives(DAYS),
  date: `[1-3]? [0-9] " " ${alternatives(MONTHS)}`,
};

const DECIMAL = '"-"? [0-9]{1,9} ("." [0-9]{1,9})?';

const RATIONALS: Readonly<Record<RationalForm, string>> = {
  fraction: '"-"? [0-9]{1,9} ("/" [1-9] [0-9]{0,8})?',
  decimal: DECIMAL,
  percent: `${DECIMAL} " "? "%"?`,
};

function grammarOf(production: string, abstain: string): string {
  return `root ::= answer | ${JSON.stringify(abstain)}\nanswer ::= ${production}`;
}

function choiceShape(options: readonly ChoiceOption[], abstain: string): AnswerShape {
  return {
    kind: 'choice',
    grammar: grammarOf(alternatives(options.map(({ letter }) => letter.toUpperCase())), abstain),
    maxTokens: SHORT_ANSWER_TOKENS,
    context: { options },
  };
}

function rationalShape(form: RationalForm, abstain: string): AnswerShape {
  return {
    kind: 'number',
    grammar: grammarOf(RATIONALS[form], abstain),
    maxTokens: SHORT_ANSWER_TOKENS,
    context: { percent: form === 'percent' },
  };
}

/**
 * Reads the shape of the answer from the question's words. A grammar always admits `abstain` as well: a member that
 * cannot answer must be able to say so rather than be forced into a wrong number.
 * @param abstain the exact sentence with which members decline
 */
export function answerShape(prompt: string, abstain: string): AnswerShape {
  const options = optionsOf(prompt);
  if (options.length > 0) return choiceShape(options, abstain);
  const form = rationalForm(prompt);
  if (form !== null) return rationalShape(form, abstain);
  const kind = questionKind(prompt);
  if (kind === 'free') return { kind, maxTokens: FREE_ANSWER_TOKENS };
  return { kind, grammar: grammarOf(PRODUCTIONS[kind], abstain), maxTokens: SHORT_ANSWER_TOKENS };
}
