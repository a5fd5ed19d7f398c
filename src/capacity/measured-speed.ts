import { median } from '#kernel/statistics-order';
import type { SpeedMeasurement, SyntheticQuantization } from '#contracts/capacity';
import { cpuBatchTokens, GPU_BATCH_TOKENS } from '#contracts/prompt-batch';
import { SpeedModel, type SpeedSample } from './speed-model.ts';
import { tokenWork } from './token-work.ts';

/** Tokens of a prompt that wllama takes at once. */
export function batchTokens(
  backend: SpeedMeasurement['backend'],
  weightsBytes: number,
  threads: number,
): number {
  return backend === 'webgpu' ? GPU_BATCH_TOKENS : cpuBatchTokens(weightsBytes, threads);
}

/** What was measured as samples to fit to: of each question the median of its answers. */
export function samplesOf({ models, backend, threads }: SpeedMeasurement): readonly SpeedSample[] {
  return models.flatMap(({ shape, quantization, memory, fileBytes, runs }) => {
    const work = tokenWork({
      shape,
      quantization,
      weightsBytes: memory.weightsBytes,
      parameters: null,
      batchTokens: batchTokens(backend, fileBytes, threads),
    });
    if (work === null) return [];
    return [...new Set(runs.map(({ promptTokens }) => promptTokens))].map((promptTokens) => {
      const same = runs.filter((run) => run.promptTokens === promptTokens);
      return {
        work,
        promptTokens,
        prefillMs: median(same.map(({ prefillMs }) => prefillMs)),
        contextTokens: median(same.map(({ contextTokens }) => contextTokens)),
        decodeMs: median(same.map(({ decodeMs }) => decodeMs)),
      };
    });
  });
}

/** What a device does, from its measurement. */
export interface MeasuredSpeed {
  readonly model: SpeedModel;
  /** From the question to the first token, less the engine's own time for the prompt and a token; ms. */
  readonly overheadMs: number;
}

/** @returns null where too little was measured to tell anything of other models */
export function measuredSpeed(measurement: SpeedMeasurement): MeasuredSpeed | null {
  const samples = samplesOf(measurement);
  if (new Set(samples.map(({ work }) => work)).size < 2) return null;
  const overheads = measurement.models.flatMap(({ runs }) =>
    runs.map(({ firstTokenMs, prefillMs, decodeMs }) => Math.max(0, firstTokenMs - prefillMs - decodeMs)),
  );
  return { model: new SpeedModel(samples), overheadMs: median(overheads) };
}

/** A file's format as one of those that were measured, and whether it is that or merely the nearest. */
export function nearestQuantization(
  name: string,
  measured: ReadonlySet<SyntheticQuantization>,
): { readonly quantization: SyntheticQuantization; readonly exact: boolean } | null {
  const [first] = measured;
  if (first === undefined) return null;
  for (const quantization of measured) if (quantization === name) return { quantization, exact: true };
  // By what unpacking them is like: blocks of 32 with one scale, blocks of 256 with many, whole bytes and more.
  const kind: SyntheticQuantization = /^(?:Q8|F16|BF16|F32)/.test(name)
    ? 'Q8_0'
    : /_K|^IQ/.test(name)
      ? 'Q4_K_M'
      : 'Q4_0';
  return { quantization: measured.has(kind) ? kind : first, exact: false };
}
