import type { SpeedRun } from '#contracts/capacity';
import type { ModelMeasurement } from '#contracts/model-measurement';
import { AGENTS } from './hardware-profiles.ts';

/** An answer at so many tokens a second. Made up. */
export const speedRun = (tokensPerSecond: number, change: Partial<SpeedRun> = {}): SpeedRun => ({
  promptTokens: 260,
  prefillMs: 400,
  contextTokens: 300,
  decodeMs: 1000 / tokensPerSecond,
  firstTokenMs: 450,
  ...change,
});

/** A model that was measured without its weights. Figures are made up: nothing here was measured. */
export function modelMeasurement(change: Partial<ModelMeasurement> = {}): ModelMeasurement {
  return {
    schema: 'witan.model-measurement',
    version: 1,
    modelId: 'Llama-1B-q4f16_1-MLC',
    engine: 'web-llm',
    backend: 'webgpu',
    measuredAtMs: 1_700_000_000_000,
    wallMs: 30_000,
    userAgent: AGENTS.chromeWindows,
    card: 'nvidia | ampere',
    libraryBytes: 3_700_000,
    weightBytes: 7e8,
    contextTokens: 4096,
    vocabulary: 128_256,
    loadMs: 4_000,
    runs: [speedRun(20), speedRun(21), speedRun(19.5)],
    voided: 0,
    spread: 0.02,
    stable: true,
    ...change,
  };
}
