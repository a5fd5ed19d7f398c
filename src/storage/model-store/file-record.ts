import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { FileSpec, FileState, StoreFault, StoredFile } from '#contracts/model-store';
import type { ChunkTable } from './chunk-table.ts';
import type { FileRecord } from './journal.ts';

/** Faults kept per file: enough for the health page, small enough for a record that every put writes. */
const FAULTS_KEPT = 20;
const ID = /^(?:sha256|url)-[0-9a-f]{64}$/;
const HASH = /^[0-9a-f]{64}$/;

/** Errors: model-invalid (reason `spec`). An id is also a file's name, so nothing else may pass. */
export function checkSpec(spec: FileSpec): Outcome<null> {
  const { id, sizeBytes } = spec;
  const named = id.startsWith('sha256-') && spec.sha256 !== null ? id === `sha256-${spec.sha256}` : true;
  const hashes = [...(spec.sha256 === null ? [] : [spec.sha256]), ...(spec.chunkSha256 ?? [])];
  const fits = ID.test(id) && named && hashes.every((hash) => HASH.test(hash));
  const size = sizeBytes === null || isSize(sizeBytes);
  return fits && size ? ok(null) : err(failure('model-invalid', { model: id, reason: 'spec' }));
}

export const isSize = (bytes: number): boolean => Number.isSafeInteger(bytes) && bytes >= 0;

export function newFile(spec: FileSpec): FileRecord {
  return {
    id: spec.id,
    state: 'new',
    urls: spec.urls,
    sizeBytes: spec.sizeBytes,
    sizeGiven: spec.sizeBytes !== null,
    allocatedBytes: 0,
    sha256: expectedHash(spec),
    chunksProved: false,
    stream: null,
    faults: [],
    checkedAtMs: null,
    lostChunks: 0,
  };
}

/**
 * A known file, asked for again: what the spec adds is taken over; a deleted file comes back with what is left of it.
 * Errors: model-invalid (reasons `size`, `sha256`: the same id is said to be another file).
 */
export function withSpec(record: FileRecord, spec: FileSpec, keptChunks: number): Outcome<FileRecord> {
  const refuse = (reason: string): Outcome<FileRecord> =>
    err(failure('model-invalid', { model: record.id, reason }));
  const sha256 = expectedHash(spec) ?? record.sha256;
  if (record.sha256 !== null && sha256 !== record.sha256) return refuse('sha256');
  const sizeBytes = spec.sizeBytes ?? record.sizeBytes;
  const fixed = record.sizeGiven || keptChunks > 0;
  if (fixed && record.sizeBytes !== null && sizeBytes !== record.sizeBytes) return refuse('size');
  return ok({
    ...record,
    state: record.state === 'tombstone' ? stateOf(keptChunks) : record.state,
    urls: [...spec.urls, ...record.urls.filter((url) => !spec.urls.includes(url))],
    sizeBytes,
    sizeGiven: record.sizeGiven || spec.sizeBytes !== null,
    sha256,
  });
}

/** The state of a file that is not (or no longer) proved as a whole. */
export const stateOf = (keptChunks: number): FileState => (keptChunks > 0 ? 'partial' : 'new');

/** What is left of a file's state when chunks are lost. */
export function stateAfterLoss(state: FileState, keptChunks: number): FileState {
  if (state === 'tombstone') return state;
  return state === 'verified' || state === 'suspect' ? 'suspect' : stateOf(keptChunks);
}

export function withFaults(record: FileRecord, faults: readonly StoreFault[]): FileRecord {
  return { ...record, faults: [...record.faults, ...faults].slice(-FAULTS_KEPT) };
}

/** Marks faults as healed: those of one chunk, and of no chunk in particular; all with `null`. */
export function healed(record: FileRecord, chunk: number | null): FileRecord {
  const over = (fault: StoreFault): boolean =>
    chunk === null || fault.chunk === chunk || (fault.chunk === null && fault.kind === 'storage-full');
  if (!record.faults.some((fault) => !fault.healed && over(fault))) return record;
  return {
    ...record,
    faults: record.faults.map((fault) => (over(fault) ? { ...fault, healed: true } : fault)),
  };
}

/** @param table null while the size is not known */
export function storedFile(record: FileRecord, table: ChunkTable | null): StoredFile {
  const { id, state, sizeBytes, sha256, urls, faults, checkedAtMs, lostChunks } = record;
  return {
    id,
    state,
    sizeBytes,
    keptBytes: table?.keptBytes() ?? 0,
    chunks: table?.count ?? null,
    keptChunks: table?.kept().length ?? 0,
    sha256,
    urls,
    faults,
    checkedAtMs,
    lostChunks,
  };
}

function expectedHash(spec: FileSpec): string | null {
  return spec.sha256 ?? (spec.id.startsWith('sha256-') ? spec.id.slice('sha256-'.length) : null);
}
