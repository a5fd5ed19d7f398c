import type { GgufShape, PerLayer } from '#contracts/gguf';
import { integer, perLayer, shownInteger } from './fields.ts';
import { LAYERS } from './limits.ts';
import type { Metadata } from './metadata.ts';
import { refused } from './refusal.ts';
import { vocabularyOf } from './vocabulary.ts';

const largest = (values: PerLayer): number | null =>
  typeof values === 'number' || values === null ? values : Math.max(0, ...values);

/**
 * As llama.cpp takes it where the file does not say: the embedding shared out among the heads. Null also for a list by
 * layer, where no single one holds.
 */
function headDimensions(
  metadata: Metadata,
  key: string,
  embedding: number | null,
  heads: PerLayer,
): number | null {
  if (metadata.has(key)) return integer(metadata, key);
  const most = largest(heads);
  if (embedding === null || most === null || most === 0) return null;
  return Number.isInteger(embedding / most) ? embedding / most : null;
}

/**
 * The figures of the model's computation.
 * @param architecture prefix of their keys
 * @throws WitanError model-invalid (key-type, shape, vocabulary-mismatch)
 */
export function shapeOf(metadata: Metadata, architecture: string | null): GgufShape {
  const key = (name: string): string => `${architecture ?? ''}.${name}`;
  const layers = integer(metadata, key('block_count'));
  // llama.cpp ends itself at none, and at more than it has room for.
  if (layers === 0 || (layers !== null && layers > LAYERS))
    throw refused('shape', { key: key('block_count'), value: layers, limit: LAYERS });
  const embedding = integer(metadata, key('embedding_length'));
  const heads = perLayer(metadata, key('attention.head_count'), layers);
  const window = shownInteger(metadata, key('attention.sliding_window'));
  const experts = shownInteger(metadata, key('expert_count'));
  return {
    contextTokens: integer(metadata, key('context_length')),
    layers,
    embedding,
    heads,
    // Without grouped queries every head has its own keys and values.
    kvHeads: perLayer(metadata, key('attention.head_count_kv'), layers) ?? heads,
    keyDimensions: headDimensions(metadata, key('attention.key_length'), embedding, heads),
    valueDimensions: headDimensions(metadata, key('attention.value_length'), embedding, heads),
    slidingWindowTokens: window === 0 ? null : window,
    vocabulary: vocabularyOf(metadata) ?? shownInteger(metadata, key('vocab_size')),
    experts: experts === 0 ? null : experts,
  };
}
