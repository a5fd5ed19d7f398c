import * as v from 'valibot';
import { err, ok } from '#kernel/result';
import {
  ARCHIVE_MAX_BYTES,
  ARCHIVE_RECORDS,
  ARCHIVE_SCHEMA,
  ARCHIVE_VERSION,
  ArchiveSchema,
  type Archive,
  type ArchiveList,
  type RefusedRecord,
} from '#contracts/archive';
import type { Conversation } from '#contracts/conversation';
import type { Deliberation } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import { isSame } from './merge-records.ts';

/** The file as text: JSON, a record a line, so that two exports can be compared by eye. */
export function archiveText(archive: Archive): string {
  const { deliberations, conversations, ...head } = archive;
  const lines = (records: readonly unknown[]): string =>
    records.length === 0 ? '[]' : `[\n${records.map((record) => JSON.stringify(record)).join(',\n')}\n]`;
  return `${JSON.stringify(head).slice(0, -1)},\n"deliberations": ${lines(deliberations)},\n"conversations": ${lines(conversations)}}\n`;
}

export interface ReadArchive {
  readonly deliberations: readonly Deliberation[];
  readonly conversations: readonly Conversation[];
  readonly refused: readonly RefusedRecord[];
  /** Records with fields that this version does not know. */
  readonly trimmed: number;
}

const MEGABYTE = 1024 * 1024;

/**
 * Reads a file that somebody chose. Nothing of it is believed: its size is looked at before its bytes, each record is
 * parsed, and of two records with one id in one list the first counts.
 * Errors: archive-too-large, archive-invalid, archive-version-unsupported.
 */
export async function readArchive(file: Blob, maxBytes = ARCHIVE_MAX_BYTES): Promise<Outcome<ReadArchive>> {
  if (file.size > maxBytes) {
    const megabytes = Math.ceil(file.size / MEGABYTE);
    return err(failure('archive-too-large', { megabytes, limit: Math.floor(maxBytes / MEGABYTE) }));
  }
  let data: unknown;
  try {
    data = JSON.parse(await file.text());
  } catch (thrown) {
    return err(failure('archive-invalid', { reason: 'no-json' }, thrown));
  }
  const archive = v.safeParse(ArchiveSchema, asArchive(data));
  if (archive.success) return ok(recordsOf(archive.output));
  const version = versionOf(data);
  if (version !== null && version !== ARCHIVE_VERSION)
    return err(failure('archive-version-unsupported', { version }));
  const path = v.getDotPath(archive.issues[0]) ?? '(root)';
  return err(failure('archive-invalid', { reason: 'shape', path }));
}

/** One round by itself, as `witan.deliberation`, is an archive of one. */
function asArchive(data: unknown): unknown {
  const one = v.safeParse(v.looseObject({ schema: v.literal('witan.deliberation') }), data);
  if (!one.success) return data;
  const head = { schema: ARCHIVE_SCHEMA, version: ARCHIVE_VERSION, exportedAt: 0, appVersion: '' };
  return { ...head, deliberations: [data], conversations: [] };
}

/** The version that the file says it has, where it says that it is one of ours. */
function versionOf(data: unknown): number | string | null {
  const said = v.safeParse(
    v.object({ schema: v.literal(ARCHIVE_SCHEMA), version: v.union([v.number(), v.string()]) }),
    data,
  );
  return said.success ? said.output.version : null;
}

function recordsOf(archive: v.InferOutput<typeof ArchiveSchema>): ReadArchive {
  const refused: RefusedRecord[] = [];
  let trimmed = 0;
  const listed = <T extends { readonly id: string }>(
    list: ArchiveList,
    schema: v.GenericSchema<unknown, T>,
  ): readonly T[] => {
    const records = new Map<string, T>();
    archive[list].forEach((data, index) => {
      const parsed = v.safeParse(schema, data);
      if (!parsed.success) refused.push({ list, index, path: v.getDotPath(parsed.issues[0]) ?? '(root)' });
      else if (records.has(parsed.output.id)) refused.push({ list, index, path: 'id' });
      else {
        records.set(parsed.output.id, parsed.output);
        if (!isSame(parsed.output, data)) trimmed += 1;
      }
    });
    return [...records.values()];
  };
  const deliberations = listed('deliberations', ARCHIVE_RECORDS.deliberations);
  const conversations = listed('conversations', ARCHIVE_RECORDS.conversations);
  return { deliberations, conversations, refused, trimmed };
}
