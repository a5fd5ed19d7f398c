import { createSHA256 } from 'hash-wasm';
import type { HashStream } from './store-hashes.ts';

/** SHA-256 from hash-wasm. @param state as saved by the same build. @throws where it is not */
export async function wasmSha256(state: Uint8Array | null): Promise<HashStream> {
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
}
