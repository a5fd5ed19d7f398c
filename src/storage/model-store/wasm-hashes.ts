import { createSHA256, createXXHash128 } from 'hash-wasm';
import type { HashStream, StoreHashes } from './store-hashes.ts';

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
    stream: async (state): Promise<HashStream> => {
      const sha256 = await createSHA256();
      if (state === null) sha256.init();
      else sha256.load(state);
      return {
        update: (bytes) => {
          sha256.update(bytes);
          return Promise.resolve();
        },
        save: () => Promise.resolve(sha256.save()),
        digest: () => Promise.resolve(sha256.digest('binary')),
      };
    },
  };
}
