import type { FileSpec, StoredFile } from '#contracts/model-store';

/*
 * The files of a model of MLC have addresses but no hashes of their content. What is known besides stands behind the `#` of
 * the first URL, and so in the file's id: another content is another file. Nothing behind a `#` is sent to a server.
 */

type Addressed = Pick<StoredFile, 'urls'> | Pick<FileSpec, 'urls'>;

/** The address under which web-llm asks for a file. */
export const addressOf = ({ urls }: Addressed): string => urls[0]?.replace(/#.*$/s, '') ?? '';

/** A file of weights of this size and sum. @param md5 null where nobody says */
export const shardUrl = (url: string, sizeBytes: number, md5: string | null): string =>
  `${url}#${String(sizeBytes)}-${md5 ?? ''}`;

export const isShard = ({ urls }: Addressed): boolean => /#\d+-[0-9a-f]*$/.test(urls[0] ?? '');

/** A small file that was fetched anew so many times although it was here. */
export const versionUrl = (url: string, version: number): string =>
  version === 0 ? url : `${url}#v${String(version)}`;

export const versionOf = ({ urls }: Addressed): number => Number(/#v(\d+)$/.exec(urls[0] ?? '')?.[1] ?? 0);
