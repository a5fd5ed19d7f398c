import type { SyntheticQuantization } from '#contracts/capacity';
import { isFullShape, type FullShape, type ModelShape } from '#contracts/model-shape';

/** What a model has to do for one token: what its speed depends on. */
export interface TokenWork {
  /** How its weights are packed: a byte of one takes another time than that of another. */
  readonly quantization: SyntheticQuantization;
  /** Bytes of the matrices of its layers. */
  readonly layerBytes: number;
  /** Bytes of the matrix that makes logits; read for each token that is written, and once for a prompt. */
  readonly outputBytes: number;
  readonly layers: number;
  /** Of queries, in each layer. */
  readonly heads: number;
  /** Values of queries that are compared with each token of the context: heads · headDim, summed over the layers. */
  readonly attention: number;
  /** The same, for layers that look back no further than `windowTokens`. */
  readonly slidingAttention: number;
  readonly windowTokens: number | null;
  /** Tokens of a prompt that the engine takes at once. */
  readonly batchTokens: number;
}

export interface WorkOf {
  readonly shape: ModelShape;
  readonly quantization: SyntheticQuantization;
  /** All its weights. */
  readonly weightsBytes: number;
  /** Null where nobody says: then as its shape has it. */
  readonly parameters: number | null;
  readonly batchTokens: number;
}

/** Bits of a weight of the matrix that makes logits, which llama.cpp packs as Q6_K where the others have four bits. */
const OUTPUT_BITS = { Q4_0: 6.5625, Q4_K_M: 6.5625, Q8_0: 8.5 } as const;

/** A catalogue's figure that is rounded is no reason to doubt the shape; tables that the shape does not show are. */
const ROUNDED = 1.15;

/**
 * The work of a model. What of a file is not its output is shared out by the number of weights. A model with far more
 * parameters than its shape shows keeps them in tables of which a token reads one row (per-layer embeddings). Where the inside of the layers is not known, or some are
 * recurrent, all that is not a table of tokens is taken for them.
 * @returns null where too little is known to say anything
 */
export function tokenWork(model: WorkOf): TokenWork | null {
  const { shape, quantization, weightsBytes, parameters, batchTokens } = model;
  const { layers, heads, headDim, embeddingDim, vocabulary, attention } = shape;
  if (layers === null || heads === null || headDim === null || attention === null) return null;
  if (embeddingDim === null || vocabulary === null) return null;
  const table = vocabulary * embeddingDim;
  const tables = (shape.tiedEmbeddings === false ? 2 : 1) * table;
  const inLayers = isFullShape(shape) && attention.recurrent === 0 ? layers * layerWeights(shape) : null;
  const seen = inLayers === null ? parameters : inLayers + tables;
  if (seen === null) return null;
  const all = parameters !== null && parameters > ROUNDED * seen ? parameters : seen;
  const outputBytes = Math.min(weightsBytes, (table * OUTPUT_BITS[quantization]) / 8);
  const bytesPerWeight = (weightsBytes - outputBytes) / Math.max(1, all - table);
  return {
    quantization,
    layerBytes: (inLayers ?? Math.max(0, all - tables)) * bytesPerWeight,
    outputBytes,
    layers,
    heads,
    attention: attention.full * heads * (shape.fullHeadDim ?? headDim),
    slidingAttention: attention.sliding * heads * headDim,
    windowTokens: attention.windowTokens,
    batchTokens,
  };
}

/** Of a llama-like layer: queries, keys, values and their sum, and a gated feed-forward block. */
function layerWeights({ heads, kvHeads, headDim, embeddingDim, feedForwardDim }: FullShape): number {
  return embeddingDim * headDim * 2 * (heads + kvHeads) + 3 * embeddingDim * feedForwardDim;
}
