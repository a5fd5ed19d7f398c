import type { WebLlmModel } from '../../src/contracts/catalogue.ts';
import type { RecommendedCouncil } from '../../src/contracts/council-catalogue.ts';
import type { GgufModel } from '../../src/contracts/gguf-catalogue.ts';
import { kvCacheBytes } from '../../src/contracts/model-shape.ts';
import type { SourceKey } from './sources.ts';

const CONTEXT_TOKENS = 4096;

interface Row extends Pick<RecommendedCouncil, 'tier' | 'engine' | 'reason'> {
  readonly id: string;
  readonly members: readonly [Ranked, Ranked, Ranked];
}
type Ranked = readonly [id: string, score: number, source: SourceKey];

const f16 = (...[base, score, source]: Ranked): Ranked => [`${base}-q4f16_1-MLC`, score, source];
const f32 = (...[base, score, source]: Ranked): Ranked => [`${base}-q4f32_1-MLC`, score, source];

/** Scores as the ranking gave them on the catalogue's date; where two quantizations differ they are not told apart. */
const GEMMA_3_1B = ['gemma3-1b-it', 33.2, 'wm-gemma-3-1b'] as const;
const LLAMA_1B = ['Llama-3.2-1B-Instruct', 32.5, 'wm-llama-3-2-1b'] as const;
const LLAMA_3B = ['Llama-3.2-3B-Instruct', 40.4, 'wm-llama-3-2-3b'] as const;
const QWEN_0_5B = ['Qwen2.5-0.5B-Instruct', 29.8, 'wm-qwen2-5-0-5b'] as const;
const QWEN_2B = ['Qwen3.5-2B', 47.2, 'wm-qwen3-5-2b'] as const;
const QWEN_3_4B = ['Qwen3-4B', 51.2, 'wm-qwen3-4b'] as const;
const QWEN_3_5_4B = ['Qwen3.5-4B', 60, 'wm-qwen3-5-4b'] as const;
const GEMMA_2B = ['gemma-2b-it', 28.6, 'wm-gemma-2b'] as const;
const GEMMA_2_2B = ['gemma-2-2b-it', 39.1, 'wm-gemma-2-2b'] as const;
const GEMMA_4_E2B = ['gemma-4-E2B-it', 47.1, 'wm-gemma-4-e2b'] as const;
const PHI_4_MINI = ['Phi-4-mini-instruct', 45.2, 'wm-phi-4-mini'] as const;
const SMOLLM_360M = ['SmolLM2-360M-Instruct', 21.7, 'wm-smollm2-360m'] as const;

const TWINS = 'The same three where the adapter has no shader-f16.';

const RECOMMENDED: readonly Row[] = [
  {
    id: 'web-llm-low',
    tier: 'low',
    engine: 'web-llm',
    members: [f16(...GEMMA_3_1B), f16(...LLAMA_1B), f16(...QWEN_0_5B)],
    reason: 'Three families within 3.4 points of each other, in less memory than Qwen3 4B alone.',
  },
  {
    id: 'web-llm-low-f32',
    tier: 'low',
    engine: 'web-llm',
    members: [f32(...LLAMA_1B), f32(...QWEN_0_5B), f32(...GEMMA_2B)],
    reason: 'Without shader-f16: Gemma 3 1B has no such build, so the first Gemma takes its place.',
  },
  {
    id: 'web-llm-mid',
    tier: 'mid',
    engine: 'web-llm',
    members: [f16(...QWEN_2B), f16(...LLAMA_3B), f16(...GEMMA_2_2B)],
    reason:
      'The best ranked of each of three families below 2.3 GiB a member. Ministral 3 3B (46.1) instead of Gemma would bring ' +
      'them closer for 0.9 GiB more; which of its variants the ranking means was not established.',
  },
  {
    id: 'web-llm-mid-f32',
    tier: 'mid',
    engine: 'web-llm',
    members: [f32(...QWEN_2B), f32(...LLAMA_3B), f32(...GEMMA_2_2B)],
    reason: TWINS,
  },
  {
    id: 'web-llm-high',
    tier: 'high',
    engine: 'web-llm',
    members: [f16(...QWEN_3_4B), f16(...GEMMA_4_E2B), f16(...PHI_4_MINI)],
    reason:
      'Qwen3 4B rather than Qwen3.5 4B, which the two others would too often outvote where it is right. Ministral 3 3B ' +
      '(46.1) stands as near as Phi and is smaller; which of its variants the ranking means was not established.',
  },
  {
    id: 'web-llm-high-f32',
    tier: 'high',
    engine: 'web-llm',
    members: [f32(...QWEN_3_4B), f32(...GEMMA_4_E2B), f32(...PHI_4_MINI)],
    reason: TWINS,
  },
  {
    id: 'wllama-low',
    tier: 'low',
    engine: 'wllama',
    members: [
      ['lfm2-700m-q4-k-m', 37.7, 'wm-lfm2-700m'],
      ['qwen3.5-0.8b-q4-k-m', 37.7, 'wm-qwen3-5-0-8b'],
      ['llama-3.2-1b-instruct-q4-k-m', 32.5, 'wm-llama-3-2-1b'],
    ],
    reason:
      'Three families within 5.2 points, no file larger than 0.81 GB. Two are hybrids with keys and values in six layers only.',
  },
  {
    id: 'wllama-mid',
    tier: 'mid',
    engine: 'wllama',
    members: [
      ['qwen3.5-2b-q4-k-m', 47.2, 'wm-qwen3-5-2b'],
      ['smollm3-3b-q4-k-m', 43.8, 'wm-smollm3-3b'],
      ['lfm2-1.2b-q4-k-m', 40.8, 'wm-lfm2-1-2b'],
    ],
    reason: 'Three families within 6.4 points, and no file larger than 2 GiB, so that no JSPI is needed.',
  },
  {
    id: 'wllama-high',
    tier: 'high',
    engine: 'wllama',
    members: [
      ['qwen3.5-2b-q4-k-m', 47.2, 'wm-qwen3-5-2b'],
      ['gemma-4-e2b-it-q4-k-m', 47.1, 'wm-gemma-4-e2b'],
      ['smollm3-3b-q4-k-m', 43.8, 'wm-smollm3-3b'],
    ],
    reason: 'Three families within 3.4 points. Gemma’s file is larger than 2 GiB and needs JSPI.',
  },
];

const TOO_FAR_APART =
  'Proposed in research/engines.md §5 for its memory. Its best member stands more than 10 points above its worst, where ' +
  'three votes do worse than the best member alone.';

const REJECTED: readonly Row[] = [
  {
    id: 'web-llm-low-unequal',
    tier: 'low',
    engine: 'web-llm',
    members: [f16(...SMOLLM_360M), f16(...GEMMA_3_1B), f16(...LLAMA_1B)],
    reason: TOO_FAR_APART,
  },
  {
    id: 'web-llm-mid-unequal',
    tier: 'mid',
    engine: 'web-llm',
    members: [f16(...QWEN_2B), f16(...LLAMA_3B), f16(...GEMMA_3_1B)],
    reason: TOO_FAR_APART,
  },
  {
    id: 'web-llm-high-unequal',
    tier: 'high',
    engine: 'web-llm',
    members: [f16(...QWEN_3_5_4B), f16(...GEMMA_4_E2B), f16(...PHI_4_MINI)],
    reason: TOO_FAR_APART,
  },
];

interface Known {
  readonly family: string;
  readonly memoryBytes: number;
  readonly requiredFeatures: readonly string[];
  readonly sources: readonly SourceKey[];
}

function ofWebLlm(model: WebLlmModel): Known {
  return {
    family: model.family,
    memoryBytes: Math.round(model.vramMiB * 2 ** 20),
    requiredFeatures: model.requiredFeatures,
    sources: ['our-web-llm-list'],
  };
}

/** @throws Error when a size or a shape that its memory depends on is not known */
function ofGguf(model: GgufModel): Known {
  const past = kvCacheBytes(model.shape, CONTEXT_TOKENS);
  const files = model.files.map((file) => file.bytes);
  if (past === null || files.includes(null)) throw new Error(`${model.id}: memory unknown`);
  return {
    family: model.family,
    memoryBytes: past + files.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0),
    requiredFeatures: [],
    sources: ['gguf-catalogue'],
  };
}

function composed(row: Row, known: ReadonlyMap<string, Known>): RecommendedCouncil {
  const models = row.members.map(([id, score, source]) => {
    const model = known.get(id);
    if (model === undefined) throw new Error(`${row.id}: no model ${id}`);
    return { id, score, source, model };
  });
  const scores = models.map(({ score }) => score);
  return {
    ...{ id: row.id, tier: row.tier, engine: row.engine },
    requiredFeatures: models.some(({ model }) => model.requiredFeatures.includes('shader-f16'))
      ? ['shader-f16']
      : [],
    contextTokens: CONTEXT_TOKENS,
    members: models.map(({ id, score, source, model }) => ({
      ...{ id, family: model.family, score, memoryBytes: model.memoryBytes },
      sources: [source, ...model.sources],
    })),
    memoryBytes: models.reduce((sum, { model }) => sum + model.memoryBytes, 0),
    scoreSpread: Math.round((Math.max(...scores) - Math.min(...scores)) * 10) / 10,
    reason: row.reason,
  };
}

export function councilsOf(
  webLlm: readonly WebLlmModel[],
  gguf: readonly GgufModel[],
): { readonly councils: RecommendedCouncil[]; readonly rejected: RecommendedCouncil[] } {
  const known = new Map([
    ...webLlm.map((model) => [model.id, ofWebLlm(model)] as const),
    ...gguf.map((model) => [model.id, ofGguf(model)] as const),
  ]);
  return {
    councils: RECOMMENDED.map((row) => composed(row, known)),
    rejected: REJECTED.map((row) => composed(row, known)),
  };
}
