import * as v from 'valibot';
import type { ErrorCode } from './errors.ts';
import { FILE_STATES, STORE_FAULTS } from './model-store.ts';

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Wall clock, ms since the epoch. */
const AtMs = v.number();
const State = v.picklist(FILE_STATES);

/** What was asked of the store when something went wrong. */
export const STORE_WORK = ['list', 'download', 'verify', 'import', 'read', 'change', 'room'] as const;
export type StoreWork = (typeof STORE_WORK)[number];

/** The failures that say something of the store, not of what was asked of it. */
export const STORE_TROUBLES = [
  'storage-unavailable',
  'storage-failed',
  'storage-full',
  'model-invalid',
  'model-fetch-failed',
  'worker-lost',
  'worker-silent',
  'deadline-exceeded',
] as const satisfies readonly ErrorCode[];

/**
 * Something that went wrong with the store as a whole or with one of its models, as the page was told. The same again, while
 * it is not over, counts up.
 */
export const StoreTroubleSchema = v.object({
  firstAtMs: AtMs,
  lastAtMs: AtMs,
  times: Count,
  doing: v.picklist(STORE_WORK),
  /** Of an import: the name of its first file. Null: the store as a whole. */
  modelId: v.nullable(v.string()),
  code: v.picklist(STORE_TROUBLES),
  /** The failure's own reason, a word of its code; null where it has none. */
  reason: v.nullable(v.string()),
  /** Null: not over yet. */
  healedAtMs: v.nullable(AtMs),
  /** What succeeded afterwards, and so ended it: work on the same model, or its deletion (`change`); null: nothing yet. */
  healedBy: v.nullable(v.picklist(STORE_WORK)),
});
export type StoreTrouble = v.InferOutput<typeof StoreTroubleSchema>;

/** When the browser was last asked not to clear the store, and what it said; an answer of null: it cannot be asked. */
export const PersistenceAnswerSchema = v.object({ askedAtMs: AtMs, answer: v.nullable(v.boolean()) });
export type PersistenceAnswer = v.InferOutput<typeof PersistenceAnswerSchema>;

const FaultSchema = v.object({
  atMs: AtMs,
  kind: v.picklist(STORE_FAULTS),
  chunk: v.nullable(Count),
  healed: v.boolean(),
});

const FileHealthSchema = v.object({
  id: v.string(),
  state: State,
  sizeBytes: v.nullable(Count),
  keptBytes: Count,
  chunks: v.nullable(Count),
  keptChunks: Count,
  /** Kept once, then not what was written, or gone. */
  lostChunks: Count,
  checkedAtMs: v.nullable(AtMs),
  /** Lower-case hex; null while nobody knows. */
  sha256: v.nullable(v.string()),
  faults: v.array(FaultSchema),
});

const ModelHealthSchema = v.object({
  id: v.string(),
  name: v.string(),
  state: State,
  sizeBytes: v.nullable(Count),
  keptBytes: Count,
  pinned: v.boolean(),
  /** Chosen for the council, so never evicted. */
  seated: v.boolean(),
  lastUsedAtMs: AtMs,
  /** When all of it was last compared with what was written: the oldest of its files. Null: not all of it, so far. */
  checkedAtMs: v.nullable(AtMs),
  /** Chunks that went bad and are there again. */
  repairedChunks: Count,
  /** Chunks that went bad and are missing. */
  missingChunks: Count,
  files: v.array(FileHealthSchema),
});
export type ModelHealth = v.InferOutput<typeof ModelHealthSchema>;

/** Health of the model store: what the storage page shows, and what it exports. Nothing in it says who somebody is. */
export const StoreHealthSchema = v.object({
  schema: v.literal('witan.store-health'),
  version: v.literal(1),
  takenAtMs: AtMs,
  backend: v.picklist(['opfs', 'indexeddb']),
  space: v.object({
    /** Of the models' chunks, by our own account. */
    keptBytes: Count,
    /** Of deleted models that somebody still reads. */
    heldBytes: Count,
    /**
     * Measured by reserving it: of `askedBytes` so many could be had (to 16 MiB). Null: not asked, or the store of this
     * browser reserves nothing.
     */
    measured: v.nullable(v.object({ atMs: AtMs, askedBytes: Count, freeBytes: Count })),
    /** What the browser says (`navigator.storage.estimate()`), right or not. Null where it says nothing. */
    estimate: v.nullable(v.object({ usageBytes: v.nullable(Count), quotaBytes: v.nullable(Count) })),
  }),
  persistence: v.object({
    /** As it is now; null where it cannot be asked. */
    persisted: v.nullable(v.boolean()),
    last: v.nullable(PersistenceAnswerSchema),
  }),
  models: v.array(ModelHealthSchema),
  /** Newest last; those of single files are with their file. */
  troubles: v.array(StoreTroubleSchema),
});
export type StoreHealth = v.InferOutput<typeof StoreHealthSchema>;
