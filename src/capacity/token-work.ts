import { isFullShape, type ModelShape } from '#contracts/model-shape';

/** What a model has to do for one token: what its speed depends on. */
export interface TokenWork {
  /** Bytes of the matrices of its layers. */
  readonly layerBytes: number;
  /** Bytes of the matrix that makes logits; read for each token that is written, and once for a prompt. */
  readonly outputBytes: number;
  readonly layers: number;
  /** Values of queries that are compared with each token of the context: heads · headDim, summed over the layers. */
  readonly attention: number;
  /** The same, for layers that look back no further than `windowTokens`. */
  readonly slidingAttention: number;
  readonly windowTokens: number | null;
}

/**
 * The work of a model of this shape. The bytes of a file are shared out by the number of weights: quantizations that give
 * some matrices more bits than others are a few percent off in that.
 * @param weightsBytes all its weights
 * @returns null where a figure of the shape is not known, and of models with recurrent layers, whose matrices are others
 */
export function tokenWork(shape: ModelShape, weightsBytes: number): TokenWork | null {
  if (!isFullShape(shape) || shape.attention.recurrent > 0) return null;
  const { layers, heads, kvHeads, headDim, embeddingDim, feedForwardDim, vocabulary, attention } = shape;
  const perLayer = embeddingDim * headDim * 2 * (heads + kvHeads) + 3 * embeddingDim * feedForwardDim;
  const table = vocabulary * embeddingDim;
  const tables = shape.tiedEmbeddings === false ? 2 : 1;
  const bytesPerWeight = weightsBytes / (layers * perLayer + tables * table);
  return {
    layerBytes: layers * perLayer * bytesPerWeight,
    outputBytes: table * bytesPerWeight,
    layers,
    attention: attention.full * heads * (shape.fullHeadDim ?? headDim),
    slidingAttention: attention.sliding * heads * headDim,
    windowTokens: attention.windowTokens,
  };
}

/** Comparisons of queries with a context of so many tokens, for one token. */
export function comparisons(work: TokenWork, contextTokens: number): number {
  const reach = Math.min(contextTokens, work.windowTokens ?? contextTokens);
  return work.attention * contextTokens + work.slidingAttention * reach;
}
