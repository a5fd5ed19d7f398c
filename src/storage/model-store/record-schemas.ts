import * as v from 'valibot';
import { FILE_STATES, STORE_FAULTS } from '#contracts/model-store';
import { FINGERPRINT_BYTES, SHA256_BYTES } from './store-hashes.ts';
import type { ChunkPage, FileRecord, ModelRecord } from './journal.ts';

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Bytes = v.instance(Uint8Array);
const State = v.picklist(FILE_STATES);

const Fault = v.object({
  atMs: v.number(),
  kind: v.picklist(STORE_FAULTS),
  chunk: v.nullable(Count),
  healed: v.boolean(),
});

/** Schema and version stand in every record; another version is not read, and not overwritten either. */
const FileSchema = v.object({
  schema: v.literal('witan.model-file'),
  version: v.literal(1),
  id: v.string(),
  state: State,
  urls: v.array(v.string()),
  sizeBytes: v.nullable(Count),
  sizeGiven: v.boolean(),
  allocatedBytes: Count,
  sha256: v.nullable(v.string()),
  chunksProved: v.boolean(),
  stream: v.nullable(v.object({ chunks: Count, state: Bytes })),
  faults: v.array(Fault),
  // Later additions; records of before do without.
  checkedAtMs: v.optional(v.nullable(v.number()), null),
  lostChunks: v.optional(Count, 0),
});

const PageSchema = v.pipe(
  v.object({
    schema: v.literal('witan.model-chunks'),
    version: v.literal(1),
    fileId: v.string(),
    page: Count,
    kept: Bytes,
    known: Bytes,
    fingerprints: Bytes,
    sha256: Bytes,
  }),
  v.check(({ kept, known, fingerprints, sha256 }) => {
    const chunks = fingerprints.length / FINGERPRINT_BYTES;
    const bits = Math.ceil(chunks / 8);
    return kept.length === bits && known.length === bits && sha256.length === chunks * SHA256_BYTES;
  }, 'tables of different lengths'),
);

const ModelSchema = v.object({
  schema: v.literal('witan.stored-model'),
  version: v.literal(1),
  id: v.string(),
  name: v.string(),
  format: v.picklist(['gguf', 'mlc']),
  origin: v.picklist(['catalogue', 'import', 'address']),
  fileIds: v.array(v.string()),
  pinned: v.boolean(),
  addedAtMs: v.number(),
  lastUsedAtMs: v.number(),
});

/** The parsed record, or null. */
export function parseFile(value: unknown): FileRecord | null {
  const parsed = v.safeParse(FileSchema, value);
  return parsed.success ? withoutHeader(parsed.output) : null;
}

export function parsePage(value: unknown): ChunkPage | null {
  const parsed = v.safeParse(PageSchema, value);
  return parsed.success ? withoutHeader(parsed.output) : null;
}

export function parseModel(value: unknown): ModelRecord | null {
  const parsed = v.safeParse(ModelSchema, value);
  return parsed.success ? withoutHeader(parsed.output) : null;
}

export const fileValue = (record: FileRecord): object => ({
  schema: 'witan.model-file',
  version: 1,
  ...record,
  urls: [...record.urls],
  faults: [...record.faults],
});

export const pageValue = (page: ChunkPage): object => ({
  schema: 'witan.model-chunks',
  version: 1,
  ...page,
});

export const modelValue = (record: ModelRecord): object => ({
  schema: 'witan.stored-model',
  version: 1,
  ...record,
  fileIds: [...record.fileIds],
});

function withoutHeader<T extends { schema: string; version: number }>({
  schema: _schema,
  version: _version,
  ...rest
}: T): Omit<T, 'schema' | 'version'> {
  return rest;
}
