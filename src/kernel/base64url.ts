/** RFC 4648 §5 without padding: safe in a URL fragment and in chat programs, which eat `=`, `+` and `/`. */
export function base64UrlEncode(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @returns null unless `text` is exactly what `base64UrlEncode` writes for some bytes */
export function base64UrlDecode(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return null;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  // atob ignores spare bits of the last character: two spellings of one value would both pass.
  return base64UrlEncode(bytes) === text ? bytes : null;
}
