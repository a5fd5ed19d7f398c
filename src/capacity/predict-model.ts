import type { ModelPrediction } from '#contracts/capacity';
import type { LoadedModel } from '#contracts/engine';
import type { Estimate } from '#contracts/estimate';
import { contextUsed, type ModelDemand } from '#contracts/model-fit';
import { kvCacheBytes } from '#contracts/model-shape';
import type { KnownModel } from './known-model.ts';
import { predictMemory } from './memory-model.ts';
import { predictSpeed, type Device, type PredictionQuestion } from './predict-speed.ts';

/** What a model takes while it runs, for the verdict whether it fits. */
export function demandOfKnown({ fileBytes, shape, trainedTokens, kvBytesPerToken }: KnownModel): ModelDemand {
  const contextTokens = contextUsed(trainedTokens);
  const byFile = kvBytesPerToken === null ? null : kvBytesPerToken * contextTokens;
  return {
    weightsBytes: fileBytes.reduce((sum, bytes) => sum + bytes, 0),
    largestFileBytes: Math.max(0, ...fileBytes),
    contextTokens,
    cacheBytes: kvCacheBytes(shape, contextTokens) ?? byFile,
    shape,
  };
}

/** What is predicted of a GGUF model, without the verdict. */
export type Foretelling = Omit<ModelPrediction, 'engine' | 'fits' | 'fitReason'>;

/** Speed, time to first token and memory of a model on a device. */
export function predictModel(model: KnownModel, device: Device, question: PredictionQuestion): Foretelling {
  const demand = demandOfKnown(model);
  const { parts, total, kept } = predictMemory({
    shape: model.shape,
    fileBytes: demand.weightsBytes,
    contextTokens: demand.contextTokens,
    knownCacheBytes: demand.cacheBytes,
    backend: device.backend,
    threads: device.threads,
  });
  const { id, name, family, quantization, parameters, installed } = model;
  // A context that is shorter than the question of the others is asked what it can hold.
  const promptTokens = Math.min(question.promptTokens, Math.floor(demand.contextTokens / 2));
  const answerTokens = Math.min(question.answerTokens, demand.contextTokens - promptTokens);
  return {
    id,
    name,
    family,
    quantization,
    parameters,
    sizeBytes: demand.weightsBytes,
    installed,
    backend: device.backend,
    contextTokens: demand.contextTokens,
    promptTokens,
    ...predictSpeed(model, device, { promptTokens, answerTokens }),
    memory: inOrder(total),
    memoryParts: parts,
    conversationBytes: kept.high,
  };
}

/**
 * What the engine will account for of a model as it was loaded, bytes: what its own account is compared with. The context may
 * be a shorter one than was predicted for, where memory ran out.
 */
export function accountedMemory(
  model: KnownModel,
  { backend, threads, contextTokens }: Pick<LoadedModel, 'backend' | 'threads' | 'contextTokens'>,
): Estimate {
  const { weightsBytes, cacheBytes, contextTokens: usual } = demandOfKnown(model);
  const { accounted } = predictMemory({
    shape: model.shape,
    fileBytes: weightsBytes,
    contextTokens,
    knownCacheBytes: cacheBytes === null ? null : (cacheBytes * contextTokens) / Math.max(1, usual),
    backend,
    threads,
  });
  return inOrder(accounted);
}

/** Bounds of several terms, each with its own: the median of their sum lies between, but for the last digit. */
const inOrder = ({ low, median, high }: Estimate): Estimate => ({
  median,
  low: Math.min(low, median),
  high: Math.max(high, median),
});

/** Fitting ones first, then the smallest. */
export function byFit(
  a: Pick<ModelPrediction, 'fits' | 'memory' | 'name'>,
  b: Pick<ModelPrediction, 'fits' | 'memory' | 'name'>,
): number {
  const rank = ({ fits }: Pick<ModelPrediction, 'fits'>): number =>
    fits === 'runs-well' ? 0 : fits === 'tight' ? 1 : 2;
  return (
    rank(a) - rank(b) ||
    (a.memory?.median ?? Infinity) - (b.memory?.median ?? Infinity) ||
    a.name.localeCompare(b.name)
  );
}
