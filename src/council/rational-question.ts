/** In what form a question wants a number that need not be whole. */
export type RationalForm = 'fraction' | 'decimal' | 'percent';

const WORDS = new Set(
  `a an and answer are as be by calculate can compute convert could decimal do does express fraction find for form give how
   in into is it its lowest me much number of out over per percent percentage please simplest simplified simplify tell terms
   that the this to turn was what what's which write you cent`.split(/\s+/),
);

const FORMS: readonly (readonly [RationalForm, RegExp])[] = [
  [
    'percent',
    /\b(?:what|which|how (?:many|much)) (?:percent(?:age)?|per cent)\b|\b(?:as|in|into|to) (?:a )?(?:percent(?:age)?|per cent)\b/,
  ],
  [
    'fraction',
    /\b(?:as|to|into|in) an? (?:simplified )?fraction\b|\bwhat fraction\b|\b(?:simplest|lowest) (?:form|terms)\b/,
  ],
  ['decimal', /\b(?:as|to|into|in) (?:a )?decimal\b/],
];

/**
 * The form that a bare question about numbers asks for: "Write 3/4 as a percentage." Every other word has to belong to the
 * small vocabulary, as for other kinds, so that "What fraction of voters stayed at home?" is left to prose.
 * @returns null when it asks for none
 */
export function rationalForm(prompt: string): RationalForm | null {
  const text = prompt.toLowerCase().replace(/[‘’]/g, "'").replace(/\s+/g, ' ').trim();
  const words = text.match(/[\p{L}']+/gu) ?? [];
  if (!/\d/.test(text) || !words.every((word) => WORDS.has(word) || word === 'many')) return null;
  return FORMS.find(([, asks]) => asks.test(text))?.[0] ?? null;
}
