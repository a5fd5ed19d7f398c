/** Words as they are compared: compatibility form, lower case, letters, digits and inner apostrophes; nothing else counts. */
export function wordsIn(text: string): readonly string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[‘’]/g, "'")
      .match(/[\p{L}\p{N}]+(?:'[\p{L}]+)*/gu) ?? []
  );
}

/**
 * F1 of two bags of words, 0..1: 2·|A ∩ B| / (|A| + |B|), a word counting as often as both have it (the measure by which SQuAD
 * compares answers, Rajpurkar et al. 2016, without its dropping of articles: the same in every language). Symmetric.
 * @returns 0 when either has no words
 */
export function wordF1(one: readonly string[], other: readonly string[]): number {
  if (one.length === 0 || other.length === 0) return 0;
  const left = new Map<string, number>();
  for (const word of one) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of other) {
    const count = left.get(word) ?? 0;
    if (count > 0) {
      shared += 1;
      left.set(word, count - 1);
    }
  }
  return (2 * shared) / (one.length + other.length);
}
