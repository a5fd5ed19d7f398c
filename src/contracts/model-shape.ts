import * as v from 'valibot';

const Count = v.pipe(v.number(), v.integer(), v.minValue(1));
const Natural = v.pipe(v.number(), v.integer(), v.minValue(0));
const Figure = v.nullable(Count);

/** How many layers keep their own past, and how. */
const LayersSchema = v.strictObject({
  /** Attend to the whole context. */
  full: Natural,
  /** Attend to the last `windowTokens` only. */
  sliding: Natural,
});

/**
 * The dimensions of a language model, as its published configuration gives them: what its memory depends on besides the
 * weights. Null: no source was found for the figure, so nothing may be computed from it.
 */
export const ModelShapeSchema = v.strictObject({
  layers: Figure,
  /** Attention heads of a layer. */
  heads: Figure,
  /** Heads that keys and values are kept for; fewer than `heads` where several share one. */
  kvHeads: Figure,
  /** Values of one head. */
  headDim: Figure,
  /** Values that stand for one token between two layers. */
  embeddingDim: Figure,
  /** Inner values of a feed-forward block. */
  feedForwardDim: Figure,
  /** Tokens that it knows, padding of the table included. */
  vocabulary: Figure,
  /** Whether the table of tokens serves at the output too, so that it is stored once. */
  tiedEmbeddings: v.nullable(v.boolean()),
  /** What kinds of layers it has; they add up to `layers`. */
  attention: v.nullable(
    v.strictObject({
      ...LayersSchema.entries,
      /** Keep a state of fixed size instead of the past: short convolutions, linear attention. */
      recurrent: Natural,
      /** Reach of the sliding layers, tokens; null where there is none. */
      windowTokens: Figure,
    }),
  ),
  /** Values of one head in layers that attend to everything, where they differ; null for most. */
  fullHeadDim: v.optional(Figure, null),
  /** Layers of `attention` that use keys and values of an earlier layer and keep none. */
  sharedKv: v.optional(LayersSchema, { full: 0, sliding: 0 }),
});
export type ModelShape = v.InferOutput<typeof ModelShapeSchema>;

/** Nothing is known of it. */
export const UNKNOWN_SHAPE: ModelShape = {
  layers: null,
  heads: null,
  kvHeads: null,
  headDim: null,
  embeddingDim: null,
  feedForwardDim: null,
  vocabulary: null,
  tiedEmbeddings: null,
  attention: null,
  fullHeadDim: null,
  sharedKv: { full: 0, sliding: 0 },
};

type Figures =
  'layers' | 'heads' | 'kvHeads' | 'headDim' | 'embeddingDim' | 'feedForwardDim' | 'vocabulary' | 'attention';
/** A shape of which all is known but, perhaps, whether the table of tokens is shared. */
export type FullShape = ModelShape & { readonly [Figure in Figures]: NonNullable<ModelShape[Figure]> };

/** The figures that a shape must have to be of use: all but whether the table of tokens is shared. */
export function isFullShape(shape: ModelShape): shape is FullShape {
  const { layers, heads, kvHeads, headDim, embeddingDim, feedForwardDim, vocabulary, attention } = shape;
  return [layers, heads, kvHeads, headDim, embeddingDim, feedForwardDim, vocabulary, attention].every(
    (figure) => figure !== null,
  );
}

/**
 * Bytes of keys and values for a context of `contextTokens`: 2 · kvHeads · headDim · bytes, for each layer and each token
 * that the layer reaches. Without the state of recurrent layers, which does not grow. Null where a figure is unknown.
 * @param bytesPerValue 2: both engines keep 16-bit floats unless told otherwise
 */
export function kvCacheBytes(shape: ModelShape, contextTokens: number, bytesPerValue = 2): number | null {
  const { kvHeads, headDim, attention, sharedKv } = shape;
  if (kvHeads === null || headDim === null || attention === null) return null;
  const reach = Math.min(contextTokens, attention.windowTokens ?? contextTokens);
  const full = (attention.full - sharedKv.full) * (shape.fullHeadDim ?? headDim) * contextTokens;
  const sliding = (attention.sliding - sharedKv.sliding) * headDim * reach;
  return 2 * kvHeads * bytesPerValue * (full + sliding);
}
