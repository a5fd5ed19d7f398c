/** Most characters (code points) of a label in a result. */
export const LABEL_LIMITS = { app: 24, browser: 48, os: 48, gpu: 64, member: 32 } as const;
export type LabelField = keyof typeof LABEL_LIMITS;

/**
 * What has no place in a one-line label: controls, and what is invisible or turns the direction of text (a label from
 * a stranger's link must not disguise its surroundings). Ranges of code points, first and last, because Unicode
 * classes differ between browser versions and a link must read the same everywhere.
 */
const FORBIDDEN: readonly (readonly [number, number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad], // soft hyphen
  [0x61c, 0x61c], // Arabic letter mark
  [0x180e, 0x180e], // Mongolian vowel separator
  [0x200b, 0x200f], // zero width, direction marks
  [0x2028, 0x202e], // line and paragraph separators, embeddings and overrides
  [0x2060, 0x206f], // word joiner to deprecated format characters, isolates
  [0xd800, 0xdfff], // a surrogate without its partner
  [0xfe00, 0xfe0f], // variation selectors
  [0xfeff, 0xfeff], // byte order mark
  [0xfff0, 0xffff], // specials
  [0xe0000, 0xe0fff], // tags and more variation selectors
];

function isForbidden(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return FORBIDDEN.some(([first, last]) => code >= first && code <= last);
}

/** One line, nothing invisible, single spaces, cut to the field's limit. Cleaning twice changes nothing. */
export function cleanLabel(text: string, field: LabelField): string {
  const plain = Array.from(text, (character) => (isForbidden(character) ? ' ' : character))
    .join('')
    .replace(/ +/g, ' ')
    .trim();
  return [...plain].slice(0, LABEL_LIMITS[field]).join('').trim();
}
