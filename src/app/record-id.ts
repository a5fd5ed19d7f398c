/** Hexadecimal digits of a record's id: 64 bits, so that two of a thousand records never share one. */
const ID_DIGITS = 16;

/** SHA-256, lower-case hexadecimal. */
export async function sha256Of(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Equal for what was asked in the same way: a run goes on where the last one with this id ended. */
export async function recordId(asked: unknown): Promise<string> {
  return (await sha256Of(JSON.stringify(asked))).slice(0, ID_DIGITS);
}
