import { chunkCount, chunkRange } from '../../src/contracts/model-store.ts';
import type { ModelRequest } from '../../src/contracts/models.ts';
import { ONE_MODEL, sha256Hex } from '../../test/fakes/one-model-catalogue.ts';
import { FILE_PATH } from './store-site.ts';

/** What is known of a file before it comes: its own hash, or those of its chunks, too. */
export type Known = 'whole' | 'chunks';

/**
 * The one model, as the storage worker is asked for it.
 * @param appUrl with a slash at its end
 */
export function storeRequest(appUrl: string, bytes: Uint8Array, known: Known): ModelRequest {
  const sizeBytes = bytes.length;
  const sha256 = sha256Hex(bytes);
  const chunkSha256 = Array.from({ length: chunkCount(sizeBytes) }, (_, index) => {
    const { fromByte, toByte } = chunkRange(index, sizeBytes);
    return sha256Hex(bytes.subarray(fromByte, toByte));
  });
  const file = {
    id: `sha256-${sha256}`,
    urls: [`${appUrl}${FILE_PATH}`],
    sizeBytes,
    sha256,
    chunkSha256: known === 'chunks' ? chunkSha256 : null,
  };
  return { ...ONE_MODEL, format: 'gguf', origin: 'catalogue', files: [file] };
}
