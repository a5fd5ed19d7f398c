import type { Random } from '#kernel/random';
import type { SyntheticQuantization } from '#contracts/capacity';

/** Half-precision bits of a positive number below 65,504. */
export function halfBits(value: number): number {
  const exponent = Math.floor(Math.log2(value));
  if (exponent < -14) return Math.round(value * 2 ** 24); // subnormal
  const mantissa = Math.round((value / 2 ** exponent - 1) * 1024);
  return ((exponent + 15) << 10) + mantissa;
}

/** How ggml packs weights: blocks of so many weights in so many bytes, with scales at fixed places in half precision. */
export interface TensorType {
  readonly name: string;
  /** Its number in ggml.h. */
  readonly id: number;
  readonly blockWeights: number;
  readonly blockBytes: number;
  /** Byte offsets in a block, and what must stand there so that the weights come out around ±0.03. */
  readonly scales: readonly { readonly at: number; readonly value: number }[];
}

const type = (
  name: string,
  id: number,
  blockWeights: number,
  blockBytes: number,
  ...scales: TensorType['scales']
): TensorType => ({ name, id, blockWeights, blockBytes, scales });

/**
 * The types of the quantizations below (ggml-common.h). A weight is `scale · (q − offset)`; in K-blocks the scale is a
 * product of the block's and that of 16 or 32 of its weights.
 */
export const F32 = type('F32', 0, 1, 4);
const Q4_0 = type('Q4_0', 2, 32, 18, { at: 0, value: 0.004 });
const Q5_0 = type('Q5_0', 6, 32, 22, { at: 0, value: 0.002 });
const Q8_0 = type('Q8_0', 8, 32, 34, { at: 0, value: 0.000_25 });
const Q4_K = type('Q4_K', 12, 256, 144, { at: 0, value: 0.000_12 }, { at: 2, value: 0.000_9 });
const Q6_K = type('Q6_K', 14, 256, 210, { at: 208, value: 0.000_026 });

/** What a matrix is for: llama.cpp gives the more sensitive ones more bits. */
export type MatrixRole = 'output' | 'value' | 'down' | 'other';

/** Where llama.cpp's recipe for Q4_K_M spends more bits: the first and last eighths of the layers, and every third between. */
function moreBits(layer: number, layers: number): boolean {
  const eighth = Math.floor(layers / 8);
  return layer < eighth || layer >= Math.floor((7 * layers) / 8) || (layer - eighth) % 3 === 2;
}

function wanted(
  quantization: SyntheticQuantization,
  role: MatrixRole,
  layer: number,
  layers: number,
): TensorType {
  switch (quantization) {
    case 'Q4_0':
      return role === 'output' ? Q6_K : Q4_0;
    case 'Q8_0':
      return Q8_0;
    case 'Q4_K_M': {
      const sensitive = role === 'output' || (role !== 'other' && moreBits(layer, layers));
      return sensitive ? Q6_K : Q4_K;
    }
  }
}

/** What llama.cpp takes where a row is no whole number of K-blocks. */
const FALLBACK = new Map([
  [Q4_K, Q5_0],
  [Q6_K, Q8_0],
]);

/**
 * The type of a matrix, by the recipes of llama.cpp (`llama_tensor_get_type`, llama-quant.cpp).
 * @param rowLength weights of a row, a multiple of 32
 */
export function matrixType(
  quantization: SyntheticQuantization,
  rowLength: number,
  role: MatrixRole,
  layer = 0,
  layers = 1,
): TensorType {
  const first = wanted(quantization, role, layer, layers);
  return rowLength % first.blockWeights === 0 ? first : (FALLBACK.get(first) ?? first);
}

/** About so many bytes of different blocks: beyond every cache of a core. */
const POOL_BYTES = 4 << 20;

/** Random blocks of one type. Their number is prime to most row lengths, so that rows differ. */
export function randomBlocks(of: TensorType, random: Random): Uint8Array<ArrayBuffer> {
  const blocks = Math.floor(POOL_BYTES / of.blockBytes) | 1;
  const bytes = new Uint8Array(blocks * of.blockBytes);
  // Four bytes for each number drawn: a model of a gigabyte must not take minutes.
  const words = new Uint32Array(Math.ceil(bytes.length / 4));
  for (let at = 0; at < words.length; at += 1) words[at] = random() * 2 ** 32;
  bytes.set(new Uint8Array(words.buffer, 0, bytes.length));
  const view = new DataView(bytes.buffer);
  for (const { at, value } of of.scales) {
    const bits = halfBits(value);
    for (let block = at; block < bytes.length; block += of.blockBytes) view.setUint16(block, bits, true);
  }
  return bytes;
}
