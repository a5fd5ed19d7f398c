import { median } from '#kernel/statistics-order';
import type { SpeedMeasurement, SyntheticQuantization } from '#contracts/capacity';
import { isFullShape, type ModelShape } from '#contracts/model-shape';
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
  return models.flatMap(({ shape, quantization, memory, fileBytes, promptBatchTokens, runs }) => {
    const work = tokenWork({
      shape,
      quantization,
      weightsBytes: memory.weightsBytes,
      parameters: null,
      batchTokens: promptBatchTokens ?? batchTokens(backend, fileBytes, threads),
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
  /** Of the models that were run, smallest first. */
  readonly parameters: readonly number[];
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
  const sizes = measurement.models.map(({ shape }) => parametersOf(shape)).sort((a, b) => a - b);
  return {
    model: new SpeedModel(samples, measurement),
    parameters: [...new Set(sizes)],
    overheadMs: median(overheads),
  };
}

/** Weights of a llama-like shape all of which is known. */
function parametersOf(shape: ModelShape): number {
  if (!isFullShape(shape)) return 0;
  const { layers, heads, kvHeads, headDim, embeddingDim, feedForwardDim, vocabulary } = shape;
  const tables = shape.tiedEmbeddings === false ? 2 : 1;
  const perLayer = embeddingDim * headDim * 2 * (heads + kvHeads) + 3 * embeddingDim * feedForwardDim;
  return layers * perLayer + tables * vocabulary * embeddingDim;
}

/** Most telling first: most browsers also name those that they want to pass for. */
const BROWSERS = [/Edg\/\d+/, /OPR\/\d+/, /Firefox\/\d+/, /Chrome\/\d+/, /Version\/\d+/];

/** Name and major version of a browser; another one may compute differently. */
const browserOf = (userAgent: string): string =>
  BROWSERS.flatMap((name) => name.exec(userAgent)?.[0] ?? [])[0] ?? userAgent;

/** Whether a measurement still tells of this device: as many threads, and the same browser in the same major version. */
export function isOfThisDevice(measurement: SpeedMeasurement, threads: number, userAgent: string): boolean {
  const { threads: used, backend, userAgent: then } = measurement;
  return (backend === 'webgpu' || used === threads) && browserOf(then) === browserOf(userAgent);
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
