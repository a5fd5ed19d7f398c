import { createXXHash128 } from 'hash-wasm';
import type { StoreHashes } from './store-hashes.ts';
import { wasmSha256 } from './wasm-sha256.ts';

/**
 * XXH3-128 and the streaming SHA-256 from hash-wasm, SHA-256 of a chunk from WebCrypto, which is the faster one (141–155
 * against 101–106 MB/s on one core without SHA instructions, some 900 against 275 with them). A browser may compute it
 * beside this thread; Chromium 156 does so within the call when that comes from a worker (measured).
 */
export async function wasmHashes(): Promise<StoreHashes> {
  const xxhash = await createXXHash128();
  return {
    fingerprint: (bytes) => xxhash.init().update(bytes).digest('binary'),
    sha256: async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)),
    stream: wasmSha256,
  };
}
