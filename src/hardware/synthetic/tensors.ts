import type { SyntheticQuantization } from '#contracts/capacity';
import { F32, matrixType, type MatrixRole, type TensorType } from './tensor-types.ts';

/** Dimensions of a llama-like model, all known. Counts of values, heads, layers and tokens. */
export interface SyntheticShape {
  readonly layers: number;
  readonly embedding: number;
  readonly feedForward: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Values of one head; `embedding / heads` for most. */
  readonly headDim: number;
  readonly vocabulary: number;
  /** Whether the table of tokens serves at the output too. */
  readonly tied: boolean;
}

export interface SyntheticTensor {
  readonly name: string;
  /** Row length first, as ggml has it. */
  readonly dimensions: readonly number[];
  readonly type: TensorType;
  readonly sizeBytes: number;
}

function tensor(name: string, dimensions: readonly number[], type: TensorType): SyntheticTensor {
  const weights = dimensions.reduce((product, size) => product * size, 1);
  return { name, dimensions, type, sizeBytes: (weights / type.blockWeights) * type.blockBytes };
}

/** The tensors of a llama model in the order of llama.cpp's files (gguf-py/gguf/tensor_mapping.py names them). */
export function tensorsOf(shape: SyntheticShape, quantization: SyntheticQuantization): SyntheticTensor[] {
  const { embedding, feedForward, heads, kvHeads, headDim, layers, tied, vocabulary } = shape;
  const matrix = (
    name: string,
    from: number,
    to: number,
    role: MatrixRole,
    layer?: number,
  ): SyntheticTensor => tensor(name, [from, to], matrixType(quantization, from, role, layer, layers));
  const norm = (name: string): SyntheticTensor => tensor(name, [embedding], F32);
  const tensors = [matrix('token_embd.weight', embedding, vocabulary, tied ? 'output' : 'other')];
  for (let layer = 0; layer < layers; layer += 1) {
    const of = (part: string): string => `blk.${layer}.${part}.weight`;
    tensors.push(
      norm(of('attn_norm')),
      matrix(of('attn_q'), embedding, heads * headDim, 'other', layer),
      matrix(of('attn_k'), embedding, kvHeads * headDim, 'other', layer),
      matrix(of('attn_v'), embedding, kvHeads * headDim, 'value', layer),
      matrix(of('attn_output'), heads * headDim, embedding, 'other', layer),
      norm(of('ffn_norm')),
      matrix(of('ffn_gate'), embedding, feedForward, 'other', layer),
      matrix(of('ffn_up'), embedding, feedForward, 'other', layer),
      matrix(of('ffn_down'), feedForward, embedding, 'down', layer),
    );
  }
  tensors.push(norm('output_norm.weight'));
  if (!tied) tensors.push(matrix('output.weight', embedding, vocabulary, 'output'));
  return tensors;
}
