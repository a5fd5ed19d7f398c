/** Special tokens come first. */
export const SPECIAL_TOKENS = ['<bos>', '<eos>'] as const;

/** GPT-2's alphabet: each byte as the printable character that stands for it in byte-level vocabularies. */
export function byteLevelCharacter(byte: number): string {
  const printable =
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  if (printable) return String.fromCharCode(byte);
  if (byte <= 0x20) return String.fromCharCode(0x100 + byte);
  return String.fromCharCode(byte <= 0xa0 ? 0x100 + byte - 0x7f + 0x21 : 0x143);
}

/**
 * Special tokens, the bytes of ASCII, and words of lower-case letters, all different. Whatever a model of random weights
 * says with it is ASCII, and every ASCII prompt can be said with it.
 * @param size tokens, at least 130
 * @param bytes 256 adds the bytes above ASCII; a random model then soon says one that is no UTF-8 by itself
 */
export function asciiVocabulary(size: number, bytes: 128 | 256 = 128): string[] {
  const tokens: string[] = [...SPECIAL_TOKENS];
  for (let byte = 0; byte < bytes; byte += 1) tokens.push(byteLevelCharacter(byte));
  const space = byteLevelCharacter(0x20);
  for (let word = 0; tokens.length < size; word += 1) {
    const letters = word.toString(26).replace(/./g, (digit) => String.fromCharCode(97 + parseInt(digit, 26)));
    tokens.push(`${space}q${letters}`);
  }
  return tokens.slice(0, size);
}
