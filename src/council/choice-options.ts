/** One option of a multiple-choice question. */
export interface ChoiceOption {
  /** Lower case. */
  readonly letter: string;
  readonly text: string;
}

const LETTERS = 'abcdefghij';

/** Marks of options: `A) `, `(A) `, `A. `, `A: `; after a full stop or colon only at the start of a line. */
const AT_LINE_START = /(?:^|\n)\s*(?:[-*]\s+)?(?:\(([A-Ja-j])\)|([A-Ja-j])[).:])\s+(?=\S)/g;
const INLINE = /(?:^|[\s,;])(?:\(([A-J])\)|([A-J])\))\s*(?=\S)/g;

/** What stands before options asks to choose; "explain (A) how it works and (B) why" does not. */
const ASKS = /[?:_…]|\b(?:which|choose|select|pick|correct|true|false|best)\b|\.{3}/i;

/** Parts of a task begin so, options seldom: "A. Describe osmosis." */
const TASK =
  /^(?:calculate|compare|define|describe|discuss|explain|give|how|list|name|prove|show|state|summari[sz]e|tell|translate|what|when|where|why|write)\b/i;

function optionsBy(prompt: string, mark: RegExp): readonly ChoiceOption[] {
  const marks = [...prompt.matchAll(mark)];
  const options = marks.map((found, index) => ({
    letter: (found[1] ?? found[2] ?? '').toLowerCase(),
    text: prompt
      .slice(found.index + found[0].length, marks[index + 1]?.index ?? prompt.length)
      .trim()
      // A sentence after the last option ("Answer with the letter.") is no part of it.
      .replace(/\n[\s\S]*$/, '')
      .replace(/[,;]$/, '')
      .trim(),
  }));
  const inOrder = options.every(({ letter }, index) => letter === LETTERS[index]);
  const written = options.every(({ text }) => text !== '' && !text.endsWith('?'));
  const asked = ASKS.test(prompt.slice(0, marks[0]?.index ?? 0));
  const tasks = options.every(({ text }) => TASK.test(text));
  return options.length >= 2 && inOrder && written && asked && !tasks ? options : [];
}

/** The options that a question lists, A first and without gaps; empty when it is no multiple-choice question. */
export function optionsOf(prompt: string): readonly ChoiceOption[] {
  const byLine = optionsBy(prompt, AT_LINE_START);
  return byLine.length > 0 ? byLine : optionsBy(prompt, INLINE);
}

const plainOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/["'“”‘’*_`]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/[.!]+$/, '')
    .trim();

/**
 * The letter that an answer names: alone ("B", "(b)", "B."), before its text ("B) Paris"), or by the text of one option.
 * An "a" that begins a sentence is an article, not a letter.
 * @param answer lower case, without a lead such as "the answer is"
 * @param options of the question; without them any letter to J counts
 */
export function choiceKey(answer: string, options: readonly ChoiceOption[] = []): string | null {
  const text = plainOf(answer);
  const [, bracketed, marked, bare] =
    /^(?:\(([a-j])\)(?=\s|$|[.,:])|([a-j])[).:](?=\s|$)|(?:option |choice )?\[?([a-j])\]?[).:]?$)/.exec(
      text,
    ) ?? [];
  const letter = bracketed ?? marked ?? bare;
  if (letter !== undefined && (options.length === 0 || options.some((option) => option.letter === letter))) {
    return letter;
  }
  const named = options.filter((option) => plainOf(option.text) === text);
  return named.length === 1 ? (named[0]?.letter ?? null) : null;
}
