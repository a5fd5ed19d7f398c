import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { SYNTHETIC_QUANTIZATIONS } from '#contracts/capacity';
import type { Backend } from '#contracts/engine';
import type { FullShape } from '#contracts/model-shape';
import type { MemoryQuestion } from '../../src/capacity/memory-model.ts';
import type { SyntheticShape } from '../../src/hardware/synthetic/tensors.ts';

const FIXTURE = new URL('../fixtures/memory-outcomes.json', import.meta.url);

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

const Model = {
  /** Layers, embedding, feed-forward, heads, heads of keys, values of a head, vocabulary, and 1 where tied. */
  shape: v.tuple([Count, Count, Count, Count, Count, Count, Count, Count]),
  quantization: v.picklist(SYNTHETIC_QUANTIZATIONS),
  contextTokens: Count,
  threads: Count,
  slots: Count,
  fileBytes: Count,
  tensorBytes: Count,
};

const AccountSchema = v.strictObject({
  ...Model,
  /** Weights, keys and values, scratch, as the engine says. */
  account: v.tuple([Count, Count, Count]),
  /** Last byte of WASM memory that was not zero. */
  heapBytes: Count,
});
export type RecordedAccount = v.InferOutput<typeof AccountSchema>;

const LimitSchema = v.strictObject({
  ...Model,
  /** Most that WASM memory could grow to. */
  limitMiB: Count,
  failedAt: v.nullable(v.picklist(['load', 'answer'])),
  problem: v.nullable(v.string()),
});
export type RecordedLimit = v.InferOutput<typeof LimitSchema>;

const FixtureSchema = v.strictObject({
  schema: v.literal('witan.memory-outcomes'),
  version: v.literal(1),
  engine: v.string(),
  accounts: v.array(AccountSchema),
  graphics: v.array(AccountSchema),
  limits: v.array(LimitSchema),
});

/** What tools/measure/memory-sweep.ts saw the real engine do. */
export const memoryOutcomes = (): v.InferOutput<typeof FixtureSchema> =>
  v.parse(FixtureSchema, JSON.parse(readFileSync(FIXTURE, 'utf8')));

/** A synthetic model's dimensions as the catalogue has them. */
export function modelShapeOf(shape: SyntheticShape): FullShape {
  const { layers, heads, kvHeads, headDim, vocabulary } = shape;
  return {
    layers,
    heads,
    kvHeads,
    headDim,
    embeddingDim: shape.embedding,
    feedForwardDim: shape.feedForward,
    vocabulary,
    tiedEmbeddings: shape.tied,
    attention: { full: layers, sliding: 0, recurrent: 0, windowTokens: null },
    fullHeadDim: null,
    sharedKv: { full: 0, sliding: 0 },
  };
}

/** What would have been asked of the memory model before that load. */
export function questionOf(row: RecordedAccount | RecordedLimit, backend: Backend): MemoryQuestion {
  const [layers, embedding, feedForward, heads, kvHeads, headDim, vocabulary, tied] = row.shape;
  const { fileBytes, tensorBytes, contextTokens, threads, slots } = row;
  const shape = { layers, embedding, feedForward, heads, kvHeads, headDim, vocabulary, tied: tied === 1 };
  return {
    shape: modelShapeOf(shape),
    fileBytes,
    tensorBytes,
    contextTokens,
    backend,
    threads,
    slots,
    synthetic: true,
  };
}
