import { wordF1, wordsIn } from '../rules/word-overlap.ts';

/** A sentence as it is compared. */
export interface Statement {
  readonly text: string;
  /** Words that carry what it is about: neither small words, nor numbers, nor negations. */
  readonly gist: readonly string[];
  /** Numbers in it, sorted. */
  readonly numbers: readonly string[];
  /** An odd number of negations. */
  readonly negated: boolean;
}

/** The commonest small words of English; in other languages they count as gist, which makes statements look more alike. */
const SMALL_WORDS = new Set(
  `a about also an and are as at be been but by can could did do does for from had has have he her his how i if in into is it
   its just may me might more most my of on one or our she should so some such than that the their them then there these they
   this those to too us very was we were what when where which while who why will with would you your`.split(
    /\s+/,
  ),
);

const NEGATIONS = new Set(['not', 'no', 'never', 'none', 'nor', 'neither', 'without', 'cannot']);

function isNegation(word: string): boolean {
  return NEGATIONS.has(word) || word.endsWith("n't");
}

/** Digits with grouping commas taken out, so that "1,000" is one number. */
function ungrouped(text: string): string {
  return text.replace(/(?<=\d),(?=\d{3}(?!\d))/g, '').replace(/(?<=\d)\.(?=\d)/g, 'point');
}

/** Words that carry content. */
export function gistOf(text: string): readonly string[] {
  return wordsIn(ungrouped(text)).filter(
    (word) => !SMALL_WORDS.has(word) && !isNegation(word) && !/^\d/.test(word),
  );
}

export function statementOf(text: string): Statement {
  const words = wordsIn(ungrouped(text));
  return {
    text,
    gist: gistOf(text),
    numbers: words.filter((word) => /^\d/.test(word)).sort(),
    negated: words.filter(isNegation).length % 2 === 1,
  };
}

/** Sentences of a text, list items and lines standing for themselves; those without content are left out. */
export function statementsIn(text: string): readonly Statement[] {
  return text
    .split(/\n+/)
    .map((line) => line.replace(/^\s*(?:[-*•]|\d{1,2}[.)])\s+/, ''))
    .flatMap((line) => line.split(/(?<=[.!?…])\s+(?=[\p{Lu}\p{N}"“(])/u))
    .map((part) => part.trim())
    .map(statementOf)
    .filter(({ gist, numbers }) => gist.length + numbers.length > 0);
}

/**
 * Share of gist words (F1) from which two sentences speak of the same. Set by hand on a few pairs, not measured: three words
 * of five in common.
 */
const SAME_GIST = 0.6;

/** same: they say the same · against: the same with other numbers, or one says not · apart: neither. */
export type Relation = 'same' | 'against' | 'apart';

/** How two sentences stand to each other, by their words alone: a paraphrase in other words counts as apart. */
export function relationOf(one: Statement, other: Statement): Relation {
  const near = wordF1(one.gist, other.gist);
  const bare = one.gist.length === 0 && other.gist.length === 0;
  if (!bare && near < SAME_GIST) return 'apart';
  const numbersDiffer =
    one.numbers.length > 0 && other.numbers.length > 0 && one.numbers.join(' ') !== other.numbers.join(' ');
  return numbersDiffer || one.negated !== other.negated ? 'against' : 'same';
}
