import type { AnswerKind } from '#contracts/deliberation';

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

const DAY = 'monday|tuesday|wednesday|thursday|friday|saturday|sunday';
const MONTH = 'january|february|march|april|may|june|july|august|september|october|november|december';

const alternatives = (words: string): string =>
  `(${words
    .split('|')
    .map((word) => `"${word}"`)
    .join(' | ')})`;

/** One production per kind; `{m,n}` repetition as in llama.cpp's grammars/README.md. */
const PRODUCTIONS: Readonly<Record<Exclude<AnswerKind, 'free'>, string>> = {
  number: '"-"? [0-9]{1,9}',
  'yes-no': '"yes" | "no"',
  word: '[a-z]{1,32}',
  list: '"-"? [0-9]{1,6} (", " "-"? [0-9]{1,6}){1,11}',
  day: alternatives(DAY),
  date: `[1-3]? [0-9] " " ${alternatives(MONTH)}`,
};

const SHIFT = String.raw`(?:\b(?:after|before|plus|minus|ago|from|later|earlier)\b|\bin \d+ days?\b)`;
const NUMBER = String.raw`-?\d+`;
const LIST = `${NUMBER}(?:\\s*,\\s*(?:and\\s+)?${NUMBER}){1,}`;

/** First match wins, so the narrower kinds stand first. Tested against every phrasing the starter models know. */
const RULES: readonly (readonly [AnswerKind, RegExp])[] = [
  ['date', new RegExp(String.raw`\b\d{1,2} (?:${MONTH})\b.*${SHIFT}|${SHIFT}.*\b\d{1,2} (?:${MONTH})\b`)],
  ['day', new RegExp(String.raw`\b(?:${DAY})\b.*${SHIFT}|${SHIFT}.*\b(?:${DAY})\b`)],
  [
    'yes-no',
    /\b(?:even|odd)\b(?: number)?[,?.! ]*(?:right)?[?.! ]*$|\bdivisible by \d|\bmultiple of \d|\bdoes \d+ divide \d/,
  ],
  [
    'list',
    new RegExp(
      String.raw`\b(?:sort|order|arrange|descending|ascending)\b.*${LIST}|${LIST}.*\b(?:in order|sorted)\b`,
    ),
  ],
  ['word', /\bbackwards?\b|\breverse\b/],
  ['number', /\b(?:how many|count|number of|how often|how many times)\b.*\b[a-z]\b.*\b(?:in|appear|occur)\b/],
  ['number', new RegExp(String.raw`${NUMBER}\s*(?:[-+*x×]|plus|minus|times)\s*${NUMBER}`)],
  ['number', /\b(?:add|sum|subtract|take|multiply|product|calculate)\b.*\d+.*\d+/],
  [
    'number',
    /\b(?:larger|bigger|greater|smaller|lower|less|more)\b.*\d+.*\d+|\d+ or \d+.*\b(?:larger|bigger|greater|smaller|lower|less|more)\b/,
  ],
  [
    'number',
    new RegExp(String.raw`\b(?:largest|biggest|greatest|maximum|max|smallest|lowest|minimum|min)\b.*${LIST}`),
  ],
  ['number', new RegExp(String.raw`\b(?:next|continue|follows|comes after)\b.*${LIST}`)],
  ['number', new RegExp(String.raw`^${LIST}\s*,?\s*(?:\?|\.\.\.|…|_+)\s*$`)],
];

function kindOf(prompt: string): AnswerKind {
  const text = prompt.toLowerCase().trim();
  for (const [kind, rule] of RULES) if (rule.test(text)) return kind;
  return 'free';
}

/**
 * Reads the shape of the answer from the question's words. A grammar always admits `abstain` as well: a member that
 * cannot answer must be able to say so rather than be forced into a wrong number.
 * @param abstain the exact sentence with which members decline
 */
export function answerShape(prompt: string, abstain: string): AnswerShape {
  const kind = kindOf(prompt);
  if (kind === 'free') return { kind, maxTokens: FREE_ANSWER_TOKENS };
  const grammar = `root ::= answer | ${JSON.stringify(abstain)}\nanswer ::= ${PRODUCTIONS[kind]}`;
  return { kind, grammar, maxTokens: SHORT_ANSWER_TOKENS };
}
