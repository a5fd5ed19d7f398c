import type { ModelPrediction } from '#contracts/capacity';
import type { Estimate } from '#contracts/estimate';
import type { PlanCandidate, PlanInput } from '#contracts/plan';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

export const about = (median: number, share = 0.1): Estimate => ({
  low: median * (1 - share),
  median,
  high: median * (1 + share),
});

/** What a model needs and how fast it is, in the units that people use. */
export interface ModelSketch {
  readonly id: string;
  readonly family: string;
  /** Billions of parameters. */
  readonly billions: number;
  readonly score?: number | null;
  readonly accuracy?: number | null;
  readonly sizeMiB: number;
  /** Keys and values at 4,096 tokens. */
  readonly cacheMiB?: number;
  readonly quantization?: string;
}

const ENGINE_MIB = 128;

/** A prediction and what is known besides. @param tokensPerSecond null: not known */
export function planCandidate(
  sketch: ModelSketch,
  tokensPerSecond: number | null,
  change: Partial<PlanCandidate['prediction']> = {},
): PlanCandidate {
  const { id, family, billions, score = null, accuracy = null, sizeMiB, cacheMiB = 0 } = sketch;
  const parts = {
    weightsBytes: sizeMiB * MIB,
    cacheBytes: cacheMiB * MIB,
    scratchBytes: 8 * MIB,
    engineBytes: ENGINE_MIB * MIB,
  };
  const totalBytes = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
  const contextTokens = 4096;
  return {
    prediction: {
      id,
      name: id,
      family,
      engine: 'wllama',
      quantization: sketch.quantization ?? 'Q4_K_M',
      parameters: billions * 1e9,
      sizeBytes: sizeMiB * MIB,
      installed: false,
      backend: 'cpu',
      contextTokens,
      promptTokens: 128,
      tokensPerSecond: tokensPerSecond === null ? null : about(tokensPerSecond),
      ttft: tokensPerSecond === null ? null : about((128 * 1000) / (4 * tokensPerSecond)),
      memory: { low: totalBytes * 0.95, median: totalBytes, high: totalBytes * 1.1 },
      memoryParts: parts,
      fits: 'tight',
      fitReason: '',
      pace: null,
      method: tokensPerSecond === null ? 'none' : 'extrapolated',
      caveats: [],
      ...change,
    },
    accuracy,
    score,
    cacheBytesPerToken: (cacheMiB * MIB) / contextTokens,
  };
}

/** Models as the catalogue has them: sizes and scores of `public/catalogue` (gguf.json, councils.json), caches rounded. */
export const SKETCHES: readonly ModelSketch[] = [
  { id: 'gemma-3-270m', family: 'Gemma', billions: 0.27, sizeMiB: 241, cacheMiB: 18 },
  { id: 'smollm2-360m', family: 'SmolLM', billions: 0.36, sizeMiB: 368, cacheMiB: 160, quantization: 'Q8_0' },
  { id: 'lfm2-700m', family: 'LFM', billions: 0.74, score: 37.7, sizeMiB: 447, cacheMiB: 48 },
  { id: 'qwen3.5-0.8b', family: 'Qwen', billions: 0.8, score: 37.7, sizeMiB: 508, cacheMiB: 48 },
  { id: 'llama-3.2-1b', family: 'Llama', billions: 1.24, score: 32.5, sizeMiB: 770, cacheMiB: 128 },
  { id: 'lfm2-1.2b', family: 'LFM', billions: 1.17, score: 40.8, sizeMiB: 697, cacheMiB: 48 },
  { id: 'qwen3.5-2b', family: 'Qwen', billions: 2, score: 47.2, sizeMiB: 1221, cacheMiB: 48 },
  { id: 'smollm3-3b', family: 'SmolLM', billions: 3.1, score: 43.8, sizeMiB: 1827, cacheMiB: 288 },
  { id: 'qwen3.5-4b', family: 'Qwen', billions: 4, score: 51.2, sizeMiB: 2614, cacheMiB: 128 },
  { id: 'gemma-4-e2b', family: 'Gemma', billions: 5.1, score: 47.1, sizeMiB: 2960, cacheMiB: 32 },
];

/** Tokens a second of a model whose weights are read at so many bytes a second. */
export const rateAt = (sizeMiB: number, gigabytesPerSecond: number): number =>
  (gigabytesPerSecond * 1e9) / (sizeMiB * MIB);

export const cpuCandidates = (gigabytesPerSecond: number): readonly PlanCandidate[] =>
  SKETCHES.map((sketch) => planCandidate(sketch, rateAt(sketch.sizeMiB, gigabytesPerSecond)));

/** web-llm's twins of the larger ones; as quick as the card reads. */
export const cardCandidates = (gigabytesPerSecond: number | null): readonly PlanCandidate[] =>
  SKETCHES.filter(({ billions }) => billions >= 0.7).map((sketch) =>
    planCandidate(
      { ...sketch, id: `${sketch.id}-MLC`, quantization: 'q4f16_1' },
      gigabytesPerSecond === null ? null : rateAt(sketch.sizeMiB, gigabytesPerSecond),
      { engine: 'web-llm', backend: 'webgpu' satisfies ModelPrediction['backend'] },
    ),
  );

export const starterCandidates = (tokensPerSecond: number | null = 400): readonly PlanCandidate[] =>
  (
    [
      ['alder', 0.9583, 0.83e-3],
      ['birch', 0.9667, 1.08e-3],
      ['cedar', 0.9583, 1.29e-3],
    ] as const
  ).map(([id, accuracy, billions]) =>
    planCandidate(
      { id, family: 'Starter', billions, accuracy, sizeMiB: 1, quantization: 'Q8_0' },
      tokensPerSecond,
      { engine: 'starter', contextTokens: 256, sizeBytes: 1.2 * MIB, installed: true },
    ),
  );

/** A laptop of 8 GiB with four threads and no card, changed as given. */
export function planInput(change: Partial<PlanInput> = {}): PlanInput {
  return {
    goal: 'balanced',
    tier: 'mid',
    threads: 4,
    memory: { bytes: 8 * GIB, floor: false, typed: false },
    engineBytes: 4 * GIB,
    graphics: null,
    remoteServers: 0,
    storageBytes: 40 * GIB,
    candidates: [...cpuCandidates(12), ...starterCandidates()],
    promptTokens: 128,
    answerTokens: 128,
    correction: 1,
    ...change,
  };
}
