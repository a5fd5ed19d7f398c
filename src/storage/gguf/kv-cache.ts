import type { GgufShape } from '#contracts/gguf';
import { shownInteger } from './fields.ts';
import type { Metadata } from './metadata.ts';

const HALF_PRECISION_BYTES = 2;

/**
 * Architectures whose cache does not follow from heads and their dimensions: a compressed one (multi-head latent
 * attention), or one that a decoder keeps for itself.
 */
const OTHER_CACHES = ['attention.kv_lora_rank', 'decoder_block_count'];

/** Whether each layer has an attention at all; null where the file leaves it open. */
function attends(
  metadata: Metadata,
  architecture: string,
  shape: GgufShape,
): ((layer: number) => boolean) | null {
  const layers = shape.layers ?? 0;
  const shared = shownInteger(metadata, `${architecture}.attention.shared_kv_layers`) ?? 0;
  const interval = shownInteger(metadata, `${architecture}.full_attention_interval`) ?? 0;
  // A list of heads by layer says it with zeros. Other mixtures of recurrence and attention say it in their code alone.
  const recurrent = [...metadata.keys()].some((key) => key.startsWith(`${architecture}.ssm.`));
  if (recurrent && interval === 0 && typeof shape.kvHeads === 'number' && shape.kvHeads > 0) return null;
  return (layer) => layer < layers - shared && (interval === 0 || (layer + 1) % interval === 0);
}

/** Numbers in key and value of one head, by layer: layers with a window may have heads of their own size. */
function headNumbers(
  metadata: Metadata,
  architecture: string,
  shape: GgufShape,
): ((layer: number) => number | null) | null {
  const all =
    shape.keyDimensions === null || shape.valueDimensions === null
      ? null
      : shape.keyDimensions + shape.valueDimensions;
  const windowKey = shownInteger(metadata, `${architecture}.attention.key_length_swa`);
  const windowValue = shownInteger(metadata, `${architecture}.attention.value_length_swa`);
  if (windowKey === null || windowValue === null) return () => all;
  const pattern = metadata.get(`${architecture}.attention.sliding_window_pattern`);
  if (pattern?.kind !== 'list' || pattern.numbers?.length !== shape.layers) return null;
  const { numbers } = pattern;
  return (layer) => (numbers[layer] === 0 ? all : windowKey + windowValue);
}

/** See `GgufSummary.kvBytesPerToken`: the sum over layers of heads × (key + value) at half precision. */
export function kvBytesPerToken(
  metadata: Metadata,
  architecture: string | null,
  shape: GgufShape,
): number | null {
  const { layers, kvHeads } = shape;
  if (architecture === null || layers === null || kvHeads === null) return null;
  if (OTHER_CACHES.some((key) => metadata.has(`${architecture}.${key}`))) return null;
  const attending = attends(metadata, architecture, shape);
  const numbersIn = headNumbers(metadata, architecture, shape);
  if (attending === null || numbersIn === null) return null;
  let numbers = 0;
  for (let layer = 0; layer < layers; layer += 1) {
    const heads = typeof kvHeads === 'number' ? kvHeads : (kvHeads[layer] ?? 0);
    if (heads === 0 || !attending(layer)) continue;
    const each = numbersIn(layer);
    if (each === null) return null;
    numbers += heads * each;
  }
  return Number.isSafeInteger(numbers * HALF_PRECISION_BYTES) ? numbers * HALF_PRECISION_BYTES : null;
}
