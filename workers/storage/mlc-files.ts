import type { FileSpec, StoredFile } from '#contracts/model-store';
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

/** The address of a kept file: what stands behind `#` tells versions of it apart, and goes to no server. */
export const addressOf = ({ urls }: Pick<StoredFile, 'urls'>): string => urls[0]?.replace(/#.*$/s, '') ?? '';

/** How often it was fetched anew although it was here. */
const versionOf = ({ urls }: Pick<FileSpec, 'urls'>): number =>
  Number(/#v(\d+)$/.exec(urls[0] ?? '')?.[1] ?? 0);

/** Whether a file was asked for anew: nothing that is here already is it. */
export const isVersion = ({ spec }: MlcFile): boolean => versionOf(spec) > 0;

async function fileAt(
  url: string,
  mark: string,
  sizeBytes: number | null,
  md5: string | null,
): Promise<MlcFile> {
  const marked = `${url}${mark}`;
  const id = await urlFileId(marked);
  return { url, md5, spec: { id, urls: [marked], sizeBytes, sha256: null, chunkSha256: null } };
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
  return fileAt(url, latest === undefined ? '' : `#v${String(versionOf(latest) + 1)}`, null, null);
}

/** A file of weights: one of another size or sum at the same address is another file, and never mixed with it. */
export const shardFile = ({ url, sizeBytes, md5 }: MlcShard): Promise<MlcFile> =>
  fileAt(url, `#${String(sizeBytes)}-${md5 ?? ''}`, sizeBytes, md5);
