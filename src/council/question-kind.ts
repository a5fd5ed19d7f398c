import type { AnswerKind } from '#contracts/deliberation';
import { DAYS, MONTHS } from './calendar.ts';

/** Kinds that a question's words tell; a choice is told by its lettered options instead. */
export type WordedKind = Exclude<AnswerKind, 'choice'>;

/**
 * How the kind of a question is told: by operands, a key word, and nothing else in it. Every word has to belong to the
 * rule's small vocabulary, so that "Add 3 eggs and 2 cups" is no sum although its shape is that of one.
 */
interface Rule {
  readonly kind: WordedKind;
  readonly needs: readonly RegExp[];
  /** Words allowed besides `COMMON`. */
  readonly words: ReadonlySet<string>;
}

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

const COMMON = wordsOf(
  `a an and answer are be can could do does find for give hello hey hi if in is it just me now number numbers of ok
   please result so tell that the these this to was well what what's whats which will would you`,
);

const anyOf = (words: readonly string[]): string => `(?:${words.join('|')})`;
const DAY = anyOf(DAYS);
const MONTH = anyOf(MONTHS);
const NUMBER = String.raw`(?<!\d)-?\d+`;
const GAP = String.raw`(?:\s*[,;]\s*(?:and\s+)?|\s+and\s+|\s+)`;
const LIST = `${NUMBER}(?:${GAP}${NUMBER})+`;
const SHIFT = /\b(?:after|before|plus|minus|ago|from|in|later|earlier)\b/;
const SHIFT_WORDS =
  'after ago before come comes date day days earlier from later minus plus today week weeks were';
const TWO_NUMBERS = /\d.*[^\d].*\d/;

function rule(kind: WordedKind, words: string, ...needs: readonly (RegExp | string)[]): Rule {
  return {
    kind,
    words: wordsOf(words),
    needs: needs.map((need) => (typeof need === 'string' ? new RegExp(need) : need)),
  };
}

/** First match wins, so the narrower kinds stand first. Tested against every phrasing the starter models know. */
const RULES: readonly Rule[] = [
  rule(
    'date',
    `${SHIFT_WORDS} ${MONTHS.join(' ')}`,
    `\\b\\d{1,2} ${MONTH}\\b`,
    /\b\d+ (?:day|week)s?\b/,
    SHIFT,
  ),
  rule('day', `${SHIFT_WORDS} ${DAYS.join(' ')}`, `\\b${DAY}\\b`, /\b\d+ (?:day|week)s?\b/, SHIFT),
  rule('yes-no', 'even odd right', /\b(?:even|odd)\b/, /\d/),
  rule(
    'yes-no',
    'by evenly divisible divide divides multiple',
    /\d.*\b(?:divisible by|multiple of) \d|\bdoes \d+ divide \d|\d divides \d/,
  ),
  rule(
    'list',
    `arrange ascending big biggest by decreasing descending from high highest increasing large largest list low lowest
     order put size small smallest sort sorted`,
    /\b(?:sort|sorted|order|arrange|ascending|descending|increasing|decreasing)\b/,
    LIST,
  ),
  rule(
    'number',
    'add by calculate compute how minus much multiplied plus times x',
    `${NUMBER}\\s*(?:[-+*x×]|plus|minus|times|multiplied by)\\s*${NUMBER}`,
  ),
  rule(
    'number',
    'add away between by calculate compute difference from how much multiply product subtract sum take total with',
    /\b(?:add|difference|multiply|product|subtract|sum|take|total)\b/,
    TWO_NUMBERS,
  ),
  rule(
    'number',
    'between bigger choose greater higher larger less lower more one or out pick smaller two',
    /\b(?:bigger|greater|higher|larger|less|lower|more|smaller)\b/,
    `${NUMBER}(?:\\s*,\\s*|\\s+(?:or|and)\\s+)${NUMBER}`,
  ),
  rule(
    'number',
    'among biggest from greatest highest largest least list lowest max maximum min minimum one out pick smallest',
    /\b(?:biggest|greatest|highest|largest|least|lowest|max|maximum|min|minimum|smallest)\b/,
    LIST,
  ),
  rule(
    'number',
    'after come comes continue following follows list next sequence series',
    /\b(?:next|continue|follows|comes after)\b/,
    LIST,
  ),
  // A list that trails off: "3, 5, 7, ...", "3, 5, 7, ?".
  rule(
    'number',
    '',
    String.raw`^${NUMBER}(?:\s*,\s*${NUMBER}){2,}\s*(?:,|,?\s*(?:\?|\.{2,}|…|_+))[\s.?…_]*$`,
  ),
];

const LEAD = String.raw`^(?:(?:please|can you|could you|tell me|hi|hello|so|ok)[,!]? )*`;
const ORDINALS = '(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|\\d{1,2}(?:st|nd|rd|th))';
const WORD = String.raw`"?[a-z]{1,32}"?`;
const END = String.raw`(?: please)?[\s.?!]*$`;

/** Questions about a word have an operand that is itself a word: their whole form is given instead. */
const WORD_RULES: readonly (readonly [WordedKind, RegExp])[] = [
  ['word', new RegExp(`${LEAD}reverse(?: the word| the letters (?:of|in)(?: the word)?)?:? ${WORD}${END}`)],
  ['word', new RegExp(`${LEAD}(?:what is|what's) the reverse of(?: the word)? ${WORD}${END}`)],
  [
    'word',
    new RegExp(
      `${LEAD}(?:(?:spell|write|say|what is|what's|how (?:do|would) (?:you|i) (?:spell|write|say)) )?(?:the word )?` +
        `${WORD} backwards?${END}`,
    ),
  ],
  [
    'word',
    new RegExp(
      `${LEAD}(?:(?:give|tell me|what is|what's|which is) )?(?:the )?(?:${ORDINALS}|last) letter (?:of|in)` +
        `(?: the)?(?: word)? ${WORD}${END}`,
    ),
  ],
  [
    'word',
    new RegExp(
      `${LEAD}(?:(?:give|what is|what's|which is) )?letter(?: number)? \\d{1,2} (?:of|in)(?: the word)? ${WORD}${END}`,
    ),
  ],
  [
    'word',
    new RegExp(
      `${LEAD}(?:what|which) letter does(?: the word)? ${WORD} (?:start|begin|end) (?:with|in)${END}`,
    ),
  ],
  [
    'number',
    new RegExp(
      `${LEAD}(?:how many|count(?: the)?|(?:what is )?(?:the )?number of)? ?(?:letters|vowels|consonants) (?:are )?(?:there )?` +
        `(?:in|of)(?: the word)? ${WORD}${END}`,
    ),
  ],
  [
    'number',
    new RegExp(
      `${LEAD}how many (?:letters|vowels|consonants) does(?: the word)? ${WORD} (?:have|contain)${END}`,
    ),
  ],
  [
    'number',
    new RegExp(
      `${LEAD}(?:how many|how often|count|(?:what is )?(?:the )?number of)` +
        String.raw`(?: (?:times|does|do|is|are|of|the|letters?|occurrences))* "?[a-z]"?(?:'?s)?` +
        `(?: (?:letters?|does|do|is|are|there|appears?|occurs?))* in(?: the)?(?: word)? ${WORD}${END}`,
    ),
  ],
];

/** What kind of short answer a question asks for, as far as its words tell; `free` when they do not. */
export function questionKind(prompt: string): WordedKind {
  const text = prompt
    .toLowerCase()
    .replace(/[“”]/g, '"')
    .replace(/[‘’]/g, "'")
    .replace(/[−–]/g, '-')
    .replace(/\s+/g, ' ')
    .trim();
  for (const [kind, form] of WORD_RULES) if (form.test(text)) return kind;
  // Decimals have no place in the grammar of a whole number: better no grammar than a forced wrong answer.
  if (/\d\.\d/.test(text)) return 'free';
  const words = text.match(/[\p{L}']+/gu) ?? [];
  const found = RULES.find(
    ({ needs, words: own }) =>
      needs.every((need) => need.test(text)) && words.every((word) => COMMON.has(word) || own.has(word)),
  );
  return found?.kind ?? 'free';
}
