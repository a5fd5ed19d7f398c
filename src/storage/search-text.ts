import type { FoundPlace } from '#contracts/conversation';
import type { Deliberation } from '#contracts/deliberation';

/** Accents of Latin, Greek and Cyrillic letters, and the vowel points of Hebrew and Arabic. */
const POINTS = /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]/g;

/**
 * Text without what a searcher may leave out: case and diacritics. Upper case first, so that `ß` becomes `ss` and both
 * forms of the small sigma become one. Marks that make another letter (Japanese, Devanagari) stay.
 */
export function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replace(POINTS, '')
    .normalize('NFC')
    .toUpperCase()
    .toLowerCase()
    .replace(/ς/g, 'σ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** A record as the search sees it: folded, newest text first to matter. */
export interface SearchText {
  readonly question: string;
  readonly answer: string;
  /** All that members said otherwise. */
  readonly others: string;
}

export function searchText({ prompt, answer, members }: Deliberation): SearchText {
  const said = new Set(members.map((member) => folded(member.answer)));
  const council = folded(answer ?? '');
  said.delete(council);
  return { question: folded(prompt), answer: council, others: [...said].join('\n') };
}

/** What people look for is mostly what they asked; what a single member said is the weakest trace. */
const WEIGHTS = { question: 4, answer: 3, others: 1 } as const;
/** A term that is a whole word, begins one, or stands within one. */
const PLACES = { whole: 3, start: 2, within: 1 } as const;
/** The terms stand together in the question as they were typed. */
const PHRASE = 6;

/** The words of a query, folded, each once. */
export function searchTerms(query: string): readonly string[] {
  return [...new Set(folded(query).split(' '))].filter((term) => term !== '');
}

/**
 * How well a record answers the query: 0 where one of the terms is nowhere in it, else the sum over the terms of where each
 * stands best (question, answer, others) times how (whole word, beginning, within), and a little for the phrase.
 */
export function searchScore(text: SearchText, terms: readonly string[]): number {
  let sum = 0;
  for (const term of terms) {
    const best = Math.max(
      WEIGHTS.question * placeOf(text.question, term),
      WEIGHTS.answer * placeOf(text.answer, term),
      WEIGHTS.others * placeOf(text.others, term),
    );
    if (best === 0) return 0;
    sum += best;
  }
  return terms.length > 1 && text.question.includes(terms.join(' ')) ? sum + PHRASE : sum;
}

/** Of a record that holds all the words. */
export function searchPlace({ question, answer }: SearchText, terms: readonly string[]): FoundPlace {
  if (terms.every((term) => question.includes(term))) return 'question';
  return terms.every((term) => question.includes(term) || answer.includes(term)) ? 'answer' : 'members';
}

const LETTER = /[\p{L}\p{N}]/u;
const isLetter = (character: string | undefined): boolean =>
  character !== undefined && LETTER.test(character);

/** Occurrences looked at for a better place: a term of one letter stands everywhere. */
const MOST_LOOKS = 16;

function placeOf(text: string, term: string): number {
  let best = 0;
  let at = text.indexOf(term);
  for (let looks = 0; at >= 0 && looks < MOST_LOOKS; looks += 1) {
    const starts = !isLetter(text[at - 1]);
    const ends = !isLetter(text[at + term.length]);
    if (starts && ends) return PLACES.whole;
    best = Math.max(best, starts ? PLACES.start : PLACES.within);
    at = text.indexOf(term, at + 1);
  }
  return best;
}
