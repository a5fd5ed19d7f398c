/** What keyboards and copied text put in place of the plain characters that small models were trained on. */
const PLAIN: readonly (readonly [RegExp, string])[] = [
  [/[\u2212\u2013\u2014]/g, '-'], // minus sign, dashes
  [/[\u00d7\u2715\u22c5]/g, 'x'], // multiplication signs
  [/[\u2018\u2019]/g, "'"],
  [/[\u201c\u201d\u201e]/g, '"'],
  [/\u2026/g, '...'],
  [/[\u00a0\u202f]/g, ' '],
];

/** The question as members read it: typographic variants of operators and quotes as their plain forms. */
export function asTyped(prompt: string): string {
  return PLAIN.reduce((text, [variant, plain]) => text.replace(variant, plain), prompt);
}
