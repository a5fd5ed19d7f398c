import { seededRandom } from '#kernel/random';
import { asciiVocabulary, SPECIAL_TOKENS } from '../../src/hardware/synthetic/vocabulary.ts';
import { ALIGNMENT, ggufFile, number, numbers, TENSOR, text, texts, TYPE, u32 } from '../fakes/gguf-file.ts';

/**
 * A llama model of random weights, written as a GGUF file (version 3; ggml docs/gguf.md): speed and memory do not depend
 * on the values of the weights, so it stands for a real model of the same shape. Matrices are Q4_0, norms are ones, the
 * output is tied to the token embedding.
 */
export interface SyntheticShape {
  readonly embedding: number;
  readonly layers: number;
  readonly feedForward: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocabulary: number;
  readonly contextTokens: number;
}

/** 1.0 M parameters: loads in a blink, decodes hundreds of tokens a second on one thread. */
export const SHAPE_1M: SyntheticShape = {
  embedding: 128,
  layers: 4,
  feedForward: 384,
  heads: 4,
  kvHeads: 2,
  vocabulary: 512,
  contextTokens: 4096,
};

/** 30 M parameters: the shape that the bars for stopping are set on. */
export const SHAPE_30M: SyntheticShape = {
  embedding: 384,
  layers: 15,
  feedForward: 1024,
  heads: 6,
  kvHeads: 2,
  vocabulary: 16_384,
  contextTokens: 4096,
};

export interface SyntheticOptions {
  readonly seed: number;
  /**
   * Adds the 128 bytes above ASCII to the vocabulary. A random model then soon says a byte that is no UTF-8 by itself;
   * without them every text it says is ASCII.
   */
  readonly highBytes?: boolean;
  /**
   * Gives the layers four times the weight. They then outweigh the token that they begin with: even the likeliest words
   * depend on the whole prompt, and on how every sum was rounded. Without, such a model repeats one word for ever.
   */
  readonly mixing?: boolean;
  /** Jinja template of a conversation; the default names each turn's role, the system's too. */
  readonly chatTemplate?: string;
}

/** Q4_0 packs 32 weights as one half-precision scale and 16 bytes of nibbles. */
const BLOCK_WEIGHTS = 32;
const BLOCK_BYTES = 18;
/** 0.004 in half precision: weights of ±0.03 keep the activations of random layers near one. */
const BLOCK_SCALE = 0x1c19;
const MIXING_SCALE = 0x2419; // 0.016

const TOKEN_NORMAL = 1;
const TOKEN_CONTROL = 3;

const CHAT_TEMPLATE =
  "{{- '<bos>' -}}{%- for m in messages -%}{{- m['role'] + ': ' + m['content'] + '\\n' -}}{%- endfor -%}{{- 'assistant: ' -}}";

interface Tensor {
  readonly name: string;
  /** Row length first, as ggml has it. */
  readonly shape: readonly number[];
  readonly type: typeof TENSOR.f32 | typeof TENSOR.q4_0;
}

function tensorsOf(shape: SyntheticShape): Tensor[] {
  const { embedding, feedForward, heads, kvHeads, layers, vocabulary } = shape;
  const kv = (embedding / heads) * kvHeads;
  const norm = (name: string): Tensor => ({ name, shape: [embedding], type: TENSOR.f32 });
  const matrix = (name: string, from: number, to: number): Tensor => ({
    name,
    shape: [from, to],
    type: TENSOR.q4_0,
  });
  const tensors = [matrix('token_embd.weight', embedding, vocabulary)];
  for (let layer = 0; layer < layers; layer += 1) {
    const of = (part: string): string => `blk.${layer}.${part}.weight`;
    tensors.push(
      norm(of('attn_norm')),
      matrix(of('attn_q'), embedding, embedding),
      matrix(of('attn_k'), embedding, kv),
      matrix(of('attn_v'), embedding, kv),
      matrix(of('attn_output'), embedding, embedding),
      norm(of('ffn_norm')),
      matrix(of('ffn_gate'), embedding, feedForward),
      matrix(of('ffn_up'), embedding, feedForward),
      matrix(of('ffn_down'), feedForward, embedding),
    );
  }
  return [...tensors, norm('output_norm.weight')];
}

const weightsIn = ({ shape }: Tensor): number => shape.reduce((product, size) => product * size, 1);

const bytesIn = (tensor: Tensor): number =>
  tensor.type === TENSOR.f32 ? 4 * weightsIn(tensor) : (weightsIn(tensor) / BLOCK_WEIGHTS) * BLOCK_BYTES;

function randomBlocks(sizeBytes: number, scale: number, random: () => number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 1) bytes[at] = random() * 256;
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < sizeBytes; block += BLOCK_BYTES) view.setUint16(block, scale, true);
  return bytes;
}

/** Writes the file. The same shape, seed and options give the same bytes. */
export function syntheticGguf(shape: SyntheticShape, options: SyntheticOptions): Uint8Array<ArrayBuffer> {
  const random = seededRandom(options.seed);
  const vocabulary = asciiVocabulary(shape.vocabulary, options.highBytes === true ? 256 : 128);
  const tensors = tensorsOf(shape);
  const scaleOf = ({ name }: Tensor): number =>
    options.mixing === true && name.startsWith('blk.') ? MIXING_SCALE : BLOCK_SCALE;
  const kindOf = (_token: string, index: number): number =>
    index < SPECIAL_TOKENS.length ? TOKEN_CONTROL : TOKEN_NORMAL;
  const fields = [
    text('general.architecture', 'llama'),
    text('general.name', 'synthetic'),
    u32('general.alignment', ALIGNMENT),
    u32('llama.context_length', shape.contextTokens),
    u32('llama.embedding_length', shape.embedding),
    u32('llama.block_count', shape.layers),
    u32('llama.feed_forward_length', shape.feedForward),
    u32('llama.attention.head_count', shape.heads),
    u32('llama.attention.head_count_kv', shape.kvHeads),
    u32('llama.rope.dimension_count', shape.embedding / shape.heads),
    u32('llama.vocab_size', shape.vocabulary),
    number('llama.attention.layer_norm_rms_epsilon', TYPE.f32, 1e-5),
    text('tokenizer.ggml.model', 'gpt2'),
    text('tokenizer.ggml.pre', 'default'),
    texts('tokenizer.ggml.tokens', vocabulary),
    numbers('tokenizer.ggml.token_type', TYPE.i32, vocabulary.map(kindOf)),
    texts('tokenizer.ggml.merges', []),
    u32('tokenizer.ggml.bos_token_id', SPECIAL_TOKENS.indexOf('<bos>')),
    u32('tokenizer.ggml.eos_token_id', SPECIAL_TOKENS.indexOf('<eos>')),
    text('tokenizer.chat_template', options.chatTemplate ?? CHAT_TEMPLATE),
  ];
  const dataOf = (tensor: Tensor): Uint8Array<ArrayBuffer> =>
    tensor.type === TENSOR.f32
      ? new Uint8Array(new Float32Array(weightsIn(tensor)).fill(1).buffer)
      : randomBlocks(bytesIn(tensor), scaleOf(tensor), random);
  return ggufFile({
    fields,
    tensors: tensors.map((tensor) => ({
      ...tensor,
      sizeBytes: bytesIn(tensor),
      data: () => dataOf(tensor),
    })),
  });
}
