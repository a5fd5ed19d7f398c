import type { ModelShape } from '../../src/contracts/model-shape.ts';
import type { SourceKey } from './sources.ts';

type Figure = number | null;
/** Layers, heads, heads of keys and values, head dimension, embedding, feed-forward, vocabulary. */
type Dimensions = readonly [Figure, Figure, Figure, Figure, Figure, Figure, Figure];
type Keys = readonly SourceKey[];
type Attention = ModelShape['attention'];

export interface ShapeRow extends ModelShape {
  readonly sources: Record<string, SourceKey[]>;
}

const full = (layers: number): Attention => ({ full: layers, sliding: 0, recurrent: 0, windowTokens: null });
const sliding = (fullLayers: number, layers: number, windowTokens: number): Attention => ({
  full: fullLayers,
  sliding: layers,
  recurrent: 0,
  windowTokens,
});
const recurrent = (fullLayers: number, layers: number): Attention => ({
  full: fullLayers,
  sliding: 0,
  recurrent: layers,
  windowTokens: null,
});

/** @param particular sources of single figures, by the figure's name, where they are not those of the rest */
function shape(
  dimensions: Dimensions,
  tiedEmbeddings: boolean | null,
  attention: Attention,
  sources: Keys,
  particular: Readonly<Record<string, Keys>> = {},
): ShapeRow {
  const [layers, heads, kvHeads, headDim, embeddingDim, feedForwardDim, vocabulary] = dimensions;
  return {
    ...{ layers, heads, kvHeads, headDim, embeddingDim, feedForwardDim, vocabulary, tiedEmbeddings },
    attention,
    fullHeadDim: null,
    sharedKv: { full: 0, sliding: 0 },
    sources: Object.fromEntries(
      Object.entries({ '*': sources, ...particular }).map(([figure, keys]) => [figure, [...keys]]),
    ),
  };
}

const PRESETS: Keys = ['mlc-presets'];
/** The configuration names no head dimension. */
const divided = (...keys: Keys): { headDim: Keys } => ({ headDim: ['head-dim-rule', ...keys] });
const OF_PRESETS = divided('mlc-presets');
const OF_PHI: Readonly<Record<string, Keys>> = {
  ...OF_PRESETS,
  kvHeads: ['mlc-presets', 'mlc-phi'],
  feedForwardDim: ['mlc-presets', 'mlc-phi'],
};

const LLAMA_3_8B: Dimensions = [32, 32, 8, 128, 4096, 14336, 128256];
const MISTRAL_7B: Dimensions = [32, 32, 8, 128, 4096, 14336, 32000];
const vocabularyOf = (dimensions: Dimensions, vocabulary: Figure): Dimensions => {
  const [layers, heads, kvHeads, headDim, embedding, feedForward] = dimensions;
  return [layers, heads, kvHeads, headDim, embedding, feedForward, vocabulary];
};

/** By architecture and size, not by quantization. A figure that no source gives is null. */
export const SHAPES = {
  'llama-3.2-1b': shape([16, 32, 8, 64, 2048, 8192, 128256], true, full(16), PRESETS),
  'llama-3.2-3b': shape([28, 24, 8, 128, 3072, 8192, 128256], true, full(28), PRESETS),
  // Its library takes the vocabulary from outside, and tuned models often add words.
  'llama-3.2-3b-tuned': shape([28, 24, 8, 128, 3072, 8192, null], null, full(28), [
    'web-llm-list',
    'mlc-presets',
  ]),
  'llama-3.1-8b': shape(LLAMA_3_8B, false, full(32), PRESETS, OF_PRESETS),
  'llama-3.1-70b': shape([80, 64, 8, 128, 8192, 28672, 128256], false, full(80), PRESETS, OF_PRESETS),
  'llama-3-8b': shape(LLAMA_3_8B, false, full(32), ['mt-llama3-8b']),
  'llama-3-70b': shape([80, 64, 8, 128, 8192, 28672, 128256], false, full(80), ['mt-llama3-70b']),
  'hermes-2-pro-llama-3-8b': shape(
    vocabularyOf(LLAMA_3_8B, 128288),
    false,
    full(32),
    ['config-hermes-2-pro-llama'],
    divided('config-hermes-2-pro-llama'),
  ),
  'hermes-2-theta-llama-3-8b': shape(
    vocabularyOf(LLAMA_3_8B, 128288),
    false,
    full(32),
    ['config-hermes-2-theta'],
    divided('config-hermes-2-theta'),
  ),
  'llama-2-7b': shape([32, 32, 32, 128, 4096, 11008, 32000], false, full(32), PRESETS, OF_PRESETS),
  'llama-2-13b': shape([40, 40, 40, 128, 5120, 13824, 32000], false, full(40), PRESETS, OF_PRESETS),
  'tinyllama-1.1b-v1.0': shape([22, 32, 4, 64, 2048, 5632, 32000], false, full(22), PRESETS, OF_PRESETS),
  'tinyllama-1.1b-v0.4': shape([22, 32, 4, 64, 2048, 5632, 32003], false, full(22), PRESETS, OF_PRESETS),
  'mistral-7b-v0.3': shape(vocabularyOf(MISTRAL_7B, 32768), false, full(32), PRESETS, OF_PRESETS),
  'mistral-7b-v0.2': shape(MISTRAL_7B, false, full(32), PRESETS, {
    ...OF_PRESETS,
    attention: ['mlc-presets', 'mistral-models'],
  }),
  'openhermes-2.5-mistral-7b': shape(
    vocabularyOf(MISTRAL_7B, 32002),
    false,
    sliding(0, 32, 4096),
    ['config-openhermes'],
    divided('config-openhermes'),
  ),
  'neuralhermes-2.5-mistral-7b': shape(
    vocabularyOf(MISTRAL_7B, 32002),
    false,
    sliding(0, 32, 4096),
    ['config-neuralhermes'],
    divided('config-neuralhermes'),
  ),
  // Neither the vocabulary nor the window is in the library that it shares.
  'mistral-7b-tuned': shape(
    vocabularyOf(MISTRAL_7B, null),
    null,
    null,
    ['web-llm-list', 'mlc-presets'],
    divided('web-llm-list', 'mlc-presets'),
  ),
  'ministral-3-3b': shape([26, 32, 8, 128, 3072, 9216, 131072], true, full(26), PRESETS),
  'qwen2-0.5b': shape([24, 14, 2, 64, 896, 4864, 151936], true, full(24), PRESETS, OF_PRESETS),
  'qwen2-1.5b': shape([28, 12, 2, 128, 1536, 8960, 151936], true, full(28), PRESETS, OF_PRESETS),
  'qwen2.5-3b': shape([36, 16, 2, 128, 2048, 11008, 151936], true, full(36), PRESETS, OF_PRESETS),
  'qwen2-7b': shape([28, 28, 4, 128, 3584, 18944, 152064], false, full(28), PRESETS, OF_PRESETS),
  'qwen3-0.6b': shape([28, 16, 8, 128, 1024, 3072, 151936], true, full(28), PRESETS),
  'qwen3-1.7b': shape([28, 16, 8, 128, 2048, 6144, 151936], true, full(28), PRESETS),
  'qwen3-4b': shape([36, 32, 8, 128, 2560, 9728, 151936], true, full(36), ['mt-qwen3-4b']),
  'qwen3-8b': shape([36, 32, 8, 128, 4096, 12288, 151936], false, full(36), ['mt-qwen3-8b']),
  'qwen3.5-0.8b': shape(
    [24, 8, 2, 256, 1024, 3584, 248320],
    true,
    recurrent(6, 18),
    ['et-qwen3.5-0.8b', 'slime-qwen3.5-0.8b'],
    { tiedEmbeddings: ['slime-qwen3.5-0.8b'] },
  ),
  'qwen3.5-2b': shape([24, 8, 2, 256, 2048, 6144, 248320], null, recurrent(6, 18), ['et-qwen3.5-2b']),
  'qwen3.5-4b': shape([32, 16, 4, 256, 2560, 9216, 248320], null, recurrent(8, 24), ['et-qwen3.5-4b']),
  'qwen3.5-9b': shape([32, 16, 4, 256, 4096, 12288, null], null, recurrent(8, 24), [
    'config-qwen3.5-9b',
    'vultr-qwen3.5-9b',
  ]),
  'phi-1.5': shape([24, 32, 32, 64, 2048, 8192, 51200], false, full(24), PRESETS, OF_PHI),
  'phi-2': shape([32, 32, 32, 80, 2560, 10240, 51200], false, full(32), PRESETS, OF_PHI),
  'phi-3-mini-4k': shape(
    [32, 32, 32, 96, 3072, 8192, 32064],
    false,
    sliding(0, 32, 2047),
    ['config-phi-3-mini-4k'],
    divided('config-phi-3-mini-4k'),
  ),
  // Their window of 262,144 is wider than their context of 131,072.
  'phi-3.5-mini': shape([32, 32, 32, 96, 3072, 8192, 32064], false, full(32), PRESETS, OF_PRESETS),
  'phi-4-mini': shape([32, 24, 8, 128, 3072, 8192, 200064], true, full(32), PRESETS, OF_PRESETS),
  'smollm2-135m': shape([30, 9, 3, 64, 576, 1536, 49152], true, full(30), PRESETS, OF_PRESETS),
  'smollm2-360m': shape([32, 15, 5, 64, 960, 2560, 49152], true, full(32), PRESETS, OF_PRESETS),
  'smollm2-1.7b': shape(
    [24, 32, 32, 64, 2048, 8192, 49152],
    true,
    full(24),
    ['config-smollm2-1.7b'],
    divided('config-smollm2-1.7b'),
  ),
  'smollm3-3b': shape([36, 16, 4, 128, 2048, 11008, 128256], true, full(36), ['et-smollm3'], {
    ...divided('et-smollm3'),
    tiedEmbeddings: ['card-smollm3-tied'],
  }),
  'gemma-2b': shape([18, 8, 1, 256, 2048, 16384, 256000], true, full(18), PRESETS, {
    tiedEmbeddings: ['mlc-gemma'],
  }),
  'gemma-2-2b': shape([26, 8, 4, 256, 2304, 9216, 256000], true, sliding(13, 13, 4096), PRESETS, {
    tiedEmbeddings: ['mlc-gemma2'],
    attention: ['mlc-presets', 'mlc-gemma2'],
  }),
  'gemma-2-9b': shape([42, 16, 8, 256, 3584, 14336, 256000], true, sliding(21, 21, 4096), PRESETS, {
    tiedEmbeddings: ['mlc-gemma2'],
    attention: ['mlc-presets', 'mlc-gemma2'],
  }),
  'gemma-3-270m': shape([18, 4, 1, 256, 640, 2048, 262144], true, sliding(3, 15, 512), ['dm-gemma3'], {
    tiedEmbeddings: ['mlc-gemma3'],
  }),
  'gemma-3-1b': shape([26, 4, 1, 256, 1152, 6912, 262144], true, sliding(4, 22, 512), PRESETS, {
    tiedEmbeddings: ['mlc-gemma3'],
    attention: ['mlc-presets', 'mlc-gemma3'],
  }),
  // Its feed-forward blocks are twice as wide in the 20 layers that share keys and values.
  'gemma-4-e2b': {
    ...shape([35, 8, 1, 256, 1536, 6144, 262144], true, sliding(7, 28, 512), [
      'et-gemma4-e2b',
      'mt-gemma4-e2b',
      'dm-gemma4',
    ]),
    fullHeadDim: 512,
    sharedKv: { full: 4, sliding: 16 },
  },
  'olmo-2-1b': shape(
    [16, 16, 16, 128, 2048, 8192, 100352],
    false,
    full(16),
    ['fairseq2-olmo2'],
    divided('fairseq2-olmo2'),
  ),
  'olmo-2-7b': shape([32, 32, 32, 128, 4096, 11008, 100352], false, full(32), PRESETS, OF_PRESETS),
  'stablelm-2-1.6b': shape([24, 32, 32, 64, 2048, 5632, 100352], false, full(24), PRESETS, OF_PRESETS),
  // No grouping of heads in its architecture.
  'redpajama-3b': shape([32, 32, 32, 80, 2560, 10240, 50432], false, full(32), PRESETS, OF_PRESETS),
  'lfm2-700m': shape(
    [16, 24, 8, 64, 1536, 6912, 65536],
    null,
    recurrent(6, 10),
    ['et-lfm2-700m', 'config-lfm2-700m'],
    {
      ...divided('config-lfm2-700m'),
      attention: ['config-lfm2-700m', 'card-lfm2'],
    },
  ),
  'lfm2-1.2b': shape([16, 32, 8, 64, 2048, 8192, 65536], true, recurrent(6, 10), ['et-lfm2-1.2b'], {
    ...divided('config-lfm2-1.2b'),
    tiedEmbeddings: ['config-lfm2-1.2b'],
    attention: ['config-lfm2-1.2b', 'card-lfm2'],
  }),
  'lfm2.5-350m': shape(
    [16, 16, 8, 64, 1024, 4608, 65536],
    null,
    recurrent(6, 10),
    ['et-lfm2.5-350m', 'card-lfm2.5-vl'],
    divided('et-lfm2.5-350m'),
  ),
} as const satisfies Record<string, ShapeRow>;
export type ShapeKey = keyof typeof SHAPES;
