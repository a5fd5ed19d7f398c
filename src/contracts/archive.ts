import * as v from 'valibot';
import { ConversationSchema, type Conversation } from './conversation.ts';
import { DeliberationSchema, type Deliberation } from './deliberation.ts';

export const ARCHIVE_SCHEMA = 'witan.deliberation-archive';
export const ARCHIVE_VERSION = 1;

/**
 * A file of deliberations and conversations. Its records are parsed one by one (`DeliberationSchema`,
 * `ConversationSchema`), so that one that is damaged costs no other.
 */
export const ArchiveSchema = v.object({
  schema: v.literal(ARCHIVE_SCHEMA),
  version: v.literal(ARCHIVE_VERSION),
  /** Milliseconds since the Unix epoch. */
  exportedAt: v.pipe(v.number(), v.finite()),
  appVersion: v.pipe(v.string(), v.maxLength(100)),
  deliberations: v.array(v.unknown()),
  conversations: v.array(v.unknown()),
});

export interface Archive {
  readonly schema: typeof ARCHIVE_SCHEMA;
  readonly version: typeof ARCHIVE_VERSION;
  readonly exportedAt: number;
  readonly appVersion: string;
  readonly deliberations: readonly Deliberation[];
  readonly conversations: readonly Conversation[];
}

/**
 * Largest file that is read, bytes: some 20,000 deliberations of 3 KB. Its text, its parsed form and the copies that the
 * database takes are in memory together.
 */
export const ARCHIVE_MAX_BYTES = 64 * 1024 * 1024;

/** The records of a file, in the order of the file. */
export const ARCHIVE_RECORDS = {
  deliberations: DeliberationSchema,
  conversations: ConversationSchema,
} as const;
export type ArchiveList = keyof typeof ARCHIVE_RECORDS;

/** A record of a file that does not parse: in which list, at which place, and where it first differs from a record. */
export interface RefusedRecord {
  readonly list: ArchiveList;
  readonly index: number;
  readonly path: string;
}

/** What became of an imported file. Every record of it is counted in exactly one of the first five. */
export interface ImportReport {
  readonly added: number;
  /** Were here, and say the same. */
  readonly unchanged: number;
  /** Were here, and gained what only the file knew: a rating, a turn. */
  readonly merged: number;
  /** Ids of those that were here and contradict the file in something, or that this version cannot read: ours are kept. */
  readonly conflicts: readonly string[];
  readonly refused: readonly RefusedRecord[];
  /** Records of the file with fields that this version does not know; these fields were not kept. */
  readonly trimmed: number;
}
