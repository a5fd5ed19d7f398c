import type { FileSpec, StoredFile } from '#contracts/model-store';
import { addressOf, shardUrl, versionOf, versionUrl } from '../../src/storage/mlc/file-marks.ts';
import type { MlcShard } from '../../src/storage/mlc/mlc-file-set.ts';
import { urlFileId } from '../../src/storage/model-store/url-file-id.ts';

/** A file of a model, as the store keeps it, and what else is known of it. */
export interface MlcFile {
  readonly spec: FileSpec;
  /** Under which web-llm asks for it. */
  readonly url: string;
  /** Lower-case hex; null where nobody says. */
  readonly md5: string | null;
}

async function fileAt(
  marked: string,
  known: Omit<MlcFile, 'spec'>,
  sizeBytes: number | null,
): Promise<MlcFile> {
  const id = await urlFileId(marked);
  return { ...known, spec: { id, urls: [marked], sizeBytes, sha256: null, chunkSha256: null } };
}

/** A file that the store has, asked for as it is known there. */
export const knownSpec = ({ id, urls }: StoredFile): FileSpec => ({
  id,
  urls,
  sizeBytes: null,
  sha256: null,
  chunkSha256: null,
});

/**
 * A small file: that which the model has, in its latest version, or the one at the address.
 * @param anew a further version of it
 */
export async function smallFile(known: readonly StoredFile[], url: string, anew: boolean): Promise<MlcFile> {
  const [latest] = known
    .filter((file) => addressOf(file) === url)
    .sort((one, other) => versionOf(other) - versionOf(one));
  if (latest !== undefined && !anew) return { spec: knownSpec(latest), url, md5: null };
  const version = latest === undefined ? 0 : versionOf(latest) + 1;
  return fileAt(versionUrl(url, version), { url, md5: null }, null);
}

/** A file of weights: one of another size or sum at the same address is another file, and never mixed with it. */
export const shardFile = ({ url, sizeBytes, md5 }: MlcShard): Promise<MlcFile> =>
  fileAt(shardUrl(url, sizeBytes, md5), { url, md5 }, sizeBytes);
