import { toHex } from './store-hashes.ts';

/** Id of a file whose content nobody has named: `url-` and the SHA-256 of its first URL (see `FileSpec`). */
export async function urlFileId(url: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(url));
  return `url-${toHex(new Uint8Array(digest))}`;
}
