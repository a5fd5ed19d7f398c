import { seededRandom } from '#kernel/random';
import { err, ok } from '#kernel/result';
import type { SyntheticQuantization } from '#contracts/capacity';
import { failure, type Outcome } from '#contracts/errors';
import { isFullShape, type ModelShape } from '#contracts/model-shape';
import { ALIGNMENT, aligned, ggufHeader, type MetadataValue } from './gguf-header.ts';
import { F32, randomBlocks, type TensorType } from './tensor-types.ts';
import { tensorsOf, type SyntheticShape } from './tensors.ts';
import { asciiVocabulary, SPECIAL_TOKENS } from './vocabulary.ts';

export interface SyntheticModelOptions {
  readonly quantization: SyntheticQuantization;
  /** The same shape, options and seed give the same bytes. */
  readonly seed: number;
  /** What the file says that it was trained on, tokens. */
  readonly contextTokens: number;
}

/**
 * A llama model of random weights as a GGUF file (version 3). Neither speed nor memory depends on what the weights are, so
 * it stands for every real model of its shape: the same matrices in the same types are read for each token.
 */
export interface SyntheticModel {
  readonly sizeBytes: number;
  /** Weights, those of the table of tokens among them. */
  readonly parameters: number;
  /** The file from its beginning, in pieces of at most 4 MiB that must be used before the next is asked for. */
  chunks(): Generator<Uint8Array<ArrayBuffer>, void, void>;
}

/** Every row must be whole blocks of the smallest kind. */
const BLOCK_WEIGHTS = 32;
/** The special tokens and one for each byte of ASCII. */
const SMALLEST_VOCABULARY = SPECIAL_TOKENS.length + 128;

const TOKEN_NORMAL = 1;
const TOKEN_CONTROL = 3;

/** The text of the last turn and nothing else, so that a prompt has as many tokens as it has characters. */
const CHAT_TEMPLATE = "{%- for m in messages -%}{{- m['content'] -}}{%- endfor -%}";

/**
 * The llama-like twin of a catalogue model: the same dimensions, every layer attending to the whole context. Errors:
 * request-unsupported with the reason `shape-unknown` (a dimension that no source gives) or `recurrent-layers`.
 */
export function syntheticShape(shape: ModelShape): Outcome<SyntheticShape> {
  const refuse = (reason: string): Outcome<never> => err(failure('request-unsupported', { reason }));
  if (!isFullShape(shape)) return refuse('shape-unknown');
  if (shape.attention.recurrent > 0) return refuse('recurrent-layers');
  const { layers, heads, kvHeads, headDim, embeddingDim, feedForwardDim, vocabulary } = shape;
  return ok({
    layers,
    heads,
    kvHeads,
    headDim,
    embedding: embeddingDim,
    feedForward: feedForwardDim,
    vocabulary,
    tied: shape.tiedEmbeddings === true,
  });
}

function metadataOf(shape: SyntheticShape, contextTokens: number): ReadonlyMap<string, MetadataValue> {
  const vocabulary = asciiVocabulary(shape.vocabulary);
  const kinds = new Int32Array(vocabulary.length).fill(TOKEN_NORMAL);
  kinds.fill(TOKEN_CONTROL, 0, SPECIAL_TOKENS.length);
  return new Map<string, MetadataValue>([
    ['general.architecture', { text: 'llama' }],
    ['general.name', { text: 'synthetic' }],
    ['general.alignment', { u32: ALIGNMENT }],
    ['llama.context_length', { u32: contextTokens }],
    ['llama.embedding_length', { u32: shape.embedding }],
    ['llama.block_count', { u32: shape.layers }],
    ['llama.feed_forward_length', { u32: shape.feedForward }],
    ['llama.attention.head_count', { u32: shape.heads }],
    ['llama.attention.head_count_kv', { u32: shape.kvHeads }],
    ['llama.attention.key_length', { u32: shape.headDim }],
    ['llama.attention.value_length', { u32: shape.headDim }],
    ['llama.rope.dimension_count', { u32: shape.headDim }],
    ['llama.vocab_size', { u32: shape.vocabulary }],
    ['llama.attention.layer_norm_rms_epsilon', { f32: 1e-5 }],
    ['tokenizer.ggml.model', { text: 'gpt2' }],
    ['tokenizer.ggml.pre', { text: 'default' }],
    ['tokenizer.ggml.tokens', { texts: vocabulary }],
    ['tokenizer.ggml.token_type', { i32s: kinds }],
    ['tokenizer.ggml.merges', { texts: [] }],
    ['tokenizer.ggml.bos_token_id', { u32: 0 }],
    ['tokenizer.ggml.eos_token_id', { u32: 1 }],
    ['tokenizer.chat_template', { text: CHAT_TEMPLATE }],
  ]);
}

/** What keeps a shape from being built; null for nothing. */
function impossible(shape: SyntheticShape): string | null {
  const rows = [shape.embedding, shape.feedForward, shape.heads * shape.headDim];
  if (rows.some((length) => length <= 0 || length % BLOCK_WEIGHTS !== 0)) return 'row-length';
  if (shape.headDim % 2 !== 0 || shape.heads % shape.kvHeads !== 0) return 'heads';
  if (shape.vocabulary < SMALLEST_VOCABULARY) return 'vocabulary';
  return null;
}

/** Errors: request-unsupported with the reason `row-length`, `heads` or `vocabulary`: no such model can be built. */
export function syntheticModel(
  shape: SyntheticShape,
  { quantization, seed, contextTokens }: SyntheticModelOptions,
): Outcome<SyntheticModel> {
  const reason = impossible(shape);
  if (reason !== null) return err(failure('request-unsupported', { reason }));
  const tensors = tensorsOf(shape, quantization);
  const header = ggufHeader(metadataOf(shape, contextTokens), tensors);
  return ok({
    sizeBytes: tensors.reduce((sum, { sizeBytes }) => sum + aligned(sizeBytes), header.length),
    parameters: tensors.reduce(
      (sum, { dimensions }) => sum + dimensions.reduce((product, size) => product * size, 1),
      0,
    ),
    *chunks() {
      yield header;
      const random = seededRandom(seed);
      const pools = new Map<TensorType, Uint8Array<ArrayBuffer>>();
      for (const { type, sizeBytes } of tensors) {
        if (type === F32) {
          yield new Uint8Array(new Float32Array(sizeBytes / 4).fill(1).buffer);
        } else {
          const pool = pools.get(type) ?? randomBlocks(type, random);
          pools.set(type, pool);
          const blocks = pool.length / type.blockBytes;
          for (let left = sizeBytes; left > 0;) {
            const from = Math.floor(random() * blocks) * type.blockBytes;
            const piece = pool.subarray(from, Math.min(pool.length, from + left));
            yield piece;
            left -= piece.length;
          }
        }
        const padding = aligned(sizeBytes) - sizeBytes;
        if (padding > 0) yield new Uint8Array(padding);
      }
    },
  });
}
