import type {
  ModelPrediction,
  PredictionVerdict,
  PredictReport,
  SpeedMeasurement,
} from '#contracts/capacity';
import type { Estimate } from '#contracts/estimate';
import type { MicroReading, MicroReport } from '#contracts/micro-bench';
import { LLAMA_3_2_1B } from './model-shapes.ts';

/** Plausible values for pages and tests. Figures are made up: nothing here was measured. */
const MIB = 2 ** 20;
const AT_MS = 1_700_000_000_000;
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) Chrome/147.0.0.0';

/** @param spread share by which the ends lie off the median */
export function estimate(median: number, spread = 0.1): Estimate {
  return { median, low: median * (1 - spread), high: median * (1 + spread) };
}

export function prediction(change: Partial<ModelPrediction> = {}): ModelPrediction {
  return {
    id: 'lfm2-700m-q4-k-m',
    name: 'LFM2 700M',
    family: 'LFM',
    engine: 'wllama',
    quantization: 'Q4_K_M',
    parameters: 742_489_344,
    sizeBytes: 468_624_320,
    installed: false,
    backend: 'cpu',
    contextTokens: 4096,
    promptTokens: 64,
    tokensPerSecond: { low: 8.1, median: 9.8, high: 11.9 },
    ttft: { low: 980, median: 1240, high: 1610 },
    memory: estimate(640 * MIB, 0.05),
    memoryParts: {
      weightsBytes: 447 * MIB,
      cacheBytes: 48 * MIB,
      scratchBytes: 65 * MIB,
      engineBytes: 80 * MIB,
    },
    fits: 'runs-well',
    fitReason: 'It needs 640 MiB of about 8 GiB on this device.',
    pace: 'fluent',
    method: 'interpolated',
    caveats: [],
    ...change,
  };
}

type Sketch = readonly [name: string, family: string, parameters: number, sizeMb: number, speed: number];

/** Bytes and families as in the catalogue; speeds are made up. */
const SKETCHES: readonly Sketch[] = [
  ['Gemma 3 270M', 'Gemma', 270e6, 253, 34],
  ['SmolLM2 360M Instruct', 'SmolLM', 362e6, 386, 21.5],
  ['LFM2.5 VL 450M', 'LFM', 450e6, 268, 18.2],
  ['LFM2 700M', 'LFM', 742e6, 469, 9.8],
  ['Qwen3.5 0.8B', 'Qwen', 800e6, 558, 8.4],
  ['LFM2 1.2B', 'LFM', 1.17e9, 731, 6.1],
  ['Llama 3.2 1B Instruct', 'Llama', 1.24e9, 808, 5.4],
  ['Qwen3 1.7B', 'Qwen', 1.7e9, 1107, 4],
  ['Qwen3.5 2B', 'Qwen', 2e9, 1321, 3.3],
  ['SmolLM3 3B', 'SmolLM', 3.08e9, 1915, 2.2],
  ['Qwen3.5 4B', 'Qwen', 4e9, 2871, 1.4],
  ['Gemma 4 E2B', 'Gemma', 5.1e9, 3106, 0.8],
];

function sketched([name, family, parameters, sizeMb, speed]: Sketch, index: number): ModelPrediction {
  const spread = 0.08 + index * 0.04;
  const fits = sizeMb < 1200 ? 'runs-well' : sizeMb < 2000 ? 'tight' : 'will-not-fit';
  const needed = sizeMb * 1e6 * 1.15 + 130 * MIB;
  return prediction({
    id: name.toLowerCase().replaceAll(' ', '-'),
    name,
    family,
    quantization: name.startsWith('SmolLM2') ? 'Q8_0' : 'Q4_K_M',
    parameters,
    sizeBytes: sizeMb * 1e6,
    installed: index === 1,
    tokensPerSecond: estimate(speed, Math.min(0.6, spread)),
    ttft: estimate(12_000 / speed, Math.min(0.6, spread)),
    memory: estimate(needed, 0.05),
    memoryParts: null,
    fits,
    fitReason:
      fits === 'tight'
        ? 'It needs 1.6 GiB, more than half of what this device has.'
        : fits === 'will-not-fit'
          ? 'One file has 2.9 GB; this browser can load files of up to 2 GB.'
          : 'It needs a small part of what this device has.',
    pace: speed > 5 ? 'fluent' : speed >= 1 ? 'slow' : 'very-slow',
    method: index < 3 ? 'interpolated' : 'extrapolated',
    caveats: [
      ...(index > 8 ? (['beyond-measured'] as const) : []),
      ...(family === 'LFM' || name.startsWith('Qwen3.5') ? (['recurrent-layers'] as const) : []),
    ],
  });
}

/** Models that a browser without a graphics card cannot run. */
export function cardModels(count: number): readonly ModelPrediction[] {
  return Array.from({ length: count }, (_, index) =>
    prediction({
      id: `card-${String(index)}`,
      name: `Llama 3.${String(index % 4)} ${String(1 + (index % 9))}B Instruct`,
      engine: 'web-llm',
      backend: 'webgpu',
      quantization: index % 2 === 0 ? 'q4f16_1' : 'q4f32_1',
      sizeBytes: null,
      tokensPerSecond: null,
      ttft: null,
      memory: null,
      memoryParts: null,
      fits: 'will-not-fit',
      fitReason: 'This browser offers no graphics card.',
      pace: null,
      method: 'none',
      caveats: ['needs-graphics-card'],
    }),
  );
}

function unmeasured(row: ModelPrediction): ModelPrediction {
  return {
    ...row,
    tokensPerSecond: null,
    ttft: null,
    pace: null,
    method: 'none',
    caveats: ['not-measured', ...row.caveats],
  };
}

export function predictReport(measured = true, stable = true): PredictReport {
  const models = SKETCHES.map(sketched);
  return {
    schema: 'witan.predict',
    version: 1,
    models: [...(measured ? models : models.map(unmeasured)), ...cardModels(161)],
    measuredOn: measured
      ? {
          measuredAtMs: AT_MS,
          wallMs: 24_300,
          backend: 'cpu',
          threads: 2,
          parameters: [7_900_000, 33_000_000],
          stable,
          userAgent: AGENT,
        }
      : null,
    wall: 0.2,
  };
}

export function speedMeasurement(): SpeedMeasurement {
  return {
    schema: 'witan.speed-measurement',
    version: 1,
    measuredAtMs: AT_MS,
    wallMs: 24_300,
    engine: 'wllama',
    backend: 'cpu',
    threads: 2,
    userAgent: AGENT,
    models: [
      {
        shape: LLAMA_3_2_1B,
        quantization: 'Q4_0',
        fileBytes: 5_100_000,
        memory: { contextTokens: 256, weightsBytes: 5e6, kvBytes: 1e6, computeBytes: 2e6 },
        loadMs: 210,
        runs: [{ promptTokens: 64, prefillMs: 31, contextTokens: 96, decodeMs: 2.4, firstTokenMs: 36 }],
      },
    ],
    voided: 0,
    spread: 0.02,
    stable: true,
  };
}

export function predictionVerdict(change: Partial<PredictionVerdict> = {}): PredictionVerdict {
  return {
    schema: 'witan.prediction-verdict',
    version: 1,
    atMs: AT_MS,
    modelId: 'smollm2',
    name: 'SmolLM2 360M Instruct',
    backend: 'cpu',
    what: 'decode',
    predicted: { low: 28, median: 31, high: 33 },
    measured: 29.6,
    promptTokens: 64,
    ...change,
  };
}

function reading(median: number, stable = true): MicroReading {
  const reach = stable ? 0.01 : 0.09;
  const samples = [1, 1 - reach, 1 + reach, 1 + reach / 2, 1 - reach / 2].map((share) => median * share);
  return { median, low: median * (1 - reach), high: median * (1 + reach), samples, stable };
}

export function microReport(change: Partial<MicroReport> = {}): MicroReport {
  return {
    schema: 'witan.micro-bench',
    version: 1,
    measuredAtMs: AT_MS,
    wallMs: 8400,
    figures: {
      wasmReadGBps1: reading(9.4),
      wasmReadGBpsAll: reading(14.8, false),
      wasmGflops1: reading(21.3),
      wasmGflopsAll: reading(40.9),
      storageWriteMBps: reading(412),
      storageReadMBps: reading(1380, false),
    },
    skipped: [
      { name: 'gpuReadGBps', reason: 'no-webgpu' },
      { name: 'gpuF32Gflops', reason: 'no-webgpu' },
      { name: 'gpuF16Gflops', reason: 'no-f16' },
    ],
    conditions: {
      threads: 2,
      isolated: true,
      clockStepUs: 5,
      voided: 1,
      adapter: '',
      fallback: false,
      userAgent: AGENT,
    },
    ...change,
  };
}
