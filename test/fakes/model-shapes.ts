import type { ModelShape } from '#contracts/model-shape';

/** As its config.json has it. */
export const LLAMA_3_2_1B: ModelShape = {
  layers: 16,
  heads: 32,
  kvHeads: 8,
  headDim: 64,
  embeddingDim: 2048,
  feedForwardDim: 8192,
  vocabulary: 128256,
  tiedEmbeddings: true,
  attention: { full: 16, sliding: 0, recurrent: 0, windowTokens: null },
  fullHeadDim: null,
  sharedKv: { full: 0, sliding: 0 },
};
