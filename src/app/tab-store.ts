/** `localStorage`; null where the browser blocks it, where merely to name it throws. */
export function tabStore(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
