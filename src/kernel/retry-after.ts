/** Nobody means longer; it also keeps a wrong clock on the server from silencing it for years. */
const LONGEST_REST_MS = 3_600_000;

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3): whole seconds, or an HTTP date. Across origins a page sees this header only
 * if the server exposes it (`Access-Control-Expose-Headers`).
 * @param nowEpochMs wall-clock time, for dates
 * @returns milliseconds to wait, 0 to one hour; null without the header or when it cannot be read
 */
export function retryAfterMs(header: string | null, nowEpochMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(LONGEST_REST_MS, Math.round(Number(text) * 1000));
  // Date.parse reads almost anything ("5 apples" is a date to some engines); an HTTP date names its day and ends in GMT.
  if (!/^[A-Za-z]{3,9},? .*GMT$/.test(text)) return null;
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) return null;
  return Math.min(LONGEST_REST_MS, Math.max(0, atMs - nowEpochMs));
}
