import * as v from 'valibot';
import type { Outcome } from './errors.ts';
import { parseWith } from './schema-parse.ts';

/** The list of a model's tensors, beside its shards. */
export const TENSOR_LIST = 'tensor-cache.json';

/** More than ten times what the largest model of the catalogue has. */
const MOST_SHARDS = 4096;

const Bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const ShardSchema = v.object({
  dataPath: v.pipe(v.string(), v.minLength(1)),
  nbytes: v.pipe(Bytes, v.minValue(1)),
  /** Of the shard; older lists have none. */
  md5sum: v.optional(v.fallback(v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))), null), null),
  records: v.array(v.object({ nbytes: Bytes, dtype: v.string(), format: v.string() })),
});

/** `tensor-cache.json` (MLC): the shards of the weights and the tensors in each. */
const TensorListSchema = v.object({
  records: v.pipe(v.array(ShardSchema), v.minLength(1), v.maxLength(MOST_SHARDS)),
});

/** A file of weights as the list names it. */
export interface ListedShard {
  /** Relative to the list. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Lower-case hex; null where the list does not say. */
  readonly md5: string | null;
}

export interface TensorSizes {
  /** All weights in graphics memory, bytes. */
  readonly totalBytes: number;
  /** The largest tensor in graphics memory, bytes. */
  readonly largestBytes: number;
  readonly shards: readonly ListedShard[];
}

type ListedTensor = v.InferOutput<typeof ShardSchema>['records'][number];

/** Bytes of a tensor in graphics memory: 32-bit floats may travel as 16-bit ones. */
const bytesOf = ({ nbytes, dtype, format }: ListedTensor): number =>
  format === 'f32-to-bf16' && dtype === 'float32' ? 2 * nbytes : nbytes;

/** Reads a list of tensors. Errors: model-invalid with reason `tensor-list`. @param name of the model, for the failure */
export function parseTensorList(list: unknown, name: string): Outcome<TensorSizes> {
  const details = { model: name, reason: 'tensor-list' };
  const parsed = parseWith(TensorListSchema, list, 'model-invalid', details);
  if (!parsed.ok) return parsed;
  const { records } = parsed.value;
  const sizes = records.flatMap((shard) => shard.records.map(bytesOf));
  const value = {
    totalBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    largestBytes: sizes.reduce((most, bytes) => Math.max(most, bytes), 0),
    shards: records.map(({ dataPath, nbytes, md5sum }) => ({
      path: dataPath,
      sizeBytes: nbytes,
      md5: md5sum,
    })),
  };
  return { ok: true, value };
}
