import type { MeasuredShape, SpeedMeasurement } from '#contracts/capacity';
import type { ModelShape } from '#contracts/model-shape';
import { CALIBRATION, calibrationContext, type CalibrationModel } from '../../src/capacity/calibration.ts';
import { AGENTS } from './hardware-profiles.ts';

/** ns of a weight in a token, by how it is packed. */
const WEIGHT_NS = { Q4_0: 0.25, Q8_0: 0.3, Q4_K_M: 0.35 } as const;
const WEIGHT_BYTES = { Q4_0: 18 / 32, Q8_0: 34 / 32, Q4_K_M: 0.6 } as const;
/** The output, which Q4_0 and Q4_K_M pack alike, in 6.5625 bits; a byte of it takes as long as one of the layers in Q4_K_M. */
const OUTPUT_BYTES = { Q4_0: 6.5625 / 8, Q8_0: 34 / 32, Q4_K_M: 6.5625 / 8 } as const;
const OUTPUT_NS = {
  Q4_0: (OUTPUT_BYTES.Q4_0 * WEIGHT_NS.Q4_K_M) / WEIGHT_BYTES.Q4_K_M,
  Q8_0: WEIGHT_NS.Q8_0,
  Q4_K_M: (OUTPUT_BYTES.Q4_K_M * WEIGHT_NS.Q4_K_M) / WEIGHT_BYTES.Q4_K_M,
} as const;
const LAYER_MS = 0.05;
const OVERHEAD_MS = 4;
const ANSWER_TOKENS = 16;

/** Weights of a llama-like shape whose table of tokens serves at the output too. */
export function weightsOf(shape: ModelShape): { readonly layers: number; readonly table: number } {
  const { layers, heads, kvHeads, headDim, embeddingDim, feedForwardDim, vocabulary } = shape;
  const embedding = embeddingDim ?? 0;
  const attention = 2 * (headDim ?? 0) * ((heads ?? 0) + (kvHeads ?? 0));
  return {
    layers: (layers ?? 0) * embedding * (attention + 3 * (feedForwardDim ?? 0)),
    table: (vocabulary ?? 0) * embedding,
  };
}

/** Time of a token that is written. */
export function decodeMsOf(shape: ModelShape, quantization: MeasuredShape['quantization']): number {
  const { layers, table } = weightsOf(shape);
  const weights = WEIGHT_NS[quantization] * layers + OUTPUT_NS[quantization] * table;
  return 1e-6 * weights + LAYER_MS * (shape.layers ?? 0);
}

function measuredShape(model: CalibrationModel): MeasuredShape {
  const { shape, quantization, prompts, longPrompt } = model;
  const weights = weightsOf(shape);
  const weightsBytes =
    weights.layers * WEIGHT_BYTES[quantization] + weights.table * OUTPUT_BYTES[quantization];
  const layerMs = LAYER_MS * (shape.layers ?? 0);
  const tokenMs = (1e-6 * WEIGHT_NS[quantization] * weights.layers) / 2;
  const decodeMs = decodeMsOf(shape, quantization);
  return {
    shape,
    quantization,
    fileBytes: weightsBytes + 1e5,
    memory: { contextTokens: calibrationContext(model), weightsBytes, kvBytes: 1e6, computeBytes: 2e6 },
    loadMs: 100,
    runs: [...prompts, ...(longPrompt === null ? [] : [longPrompt])].map((promptTokens) => {
      const prefillMs = promptTokens * (tokenMs + layerMs / 10);
      return {
        promptTokens,
        prefillMs,
        contextTokens: promptTokens + ANSWER_TOKENS / 2,
        decodeMs,
        firstTokenMs: prefillMs + decodeMs + OVERHEAD_MS,
      };
    }),
  };
}

/** A made-up device, by a law that its speeds follow exactly: so long for a weight, and for a layer. */
export function calibrated(change: Partial<SpeedMeasurement> = {}): SpeedMeasurement {
  return {
    schema: 'witan.speed-measurement',
    version: 1,
    measuredAtMs: 1000,
    wallMs: 20_000,
    engine: 'wllama',
    backend: 'cpu',
    threads: 2,
    userAgent: AGENTS.chromeWindows,
    models: CALIBRATION.map(measuredShape),
    voided: 0,
    spread: 0.01,
    stable: true,
    ...change,
  };
}
