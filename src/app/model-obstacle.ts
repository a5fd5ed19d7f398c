import type { WebLlmModel } from '#contracts/catalogue';
import { failure, type WitanFailure } from '#contracts/errors';
import type { HardwareProfile } from '#contracts/hardware';
import { shortfallOf } from '../capacity/variant-choice.ts';
import { mostProbedBytes, nextBufferBytes } from '../hardware/micro/memory-growth.ts';

const MIB = 2 ** 20;

/**
 * Why a model of web-llm cannot be run here with random weights, as far as that is known before anything is fetched; null:
 * nothing known is in the way. Errors: engine-unavailable (no graphics card; a software adapter is none), feature-missing,
 * out-of-memory, request-unsupported with reason `manifest`.
 */
export function obstacleTo(model: WebLlmModel, profile: HardwareProfile): WitanFailure | null {
  const card = profile.adapters.find(({ fallback }) => !fallback);
  const named = { model: model.id };
  if (card === undefined) return failure('engine-unavailable', { ...named, reason: 'no-card' });
  const missing = shortfallOf(model, card);
  if (missing !== null) {
    const { need, ...figures } = missing;
    return failure('feature-missing', { ...named, feature: need, ...figures });
  }
  // Its files are named in one that comes with its weights.
  if (model.manifest !== null) return failure('request-unsupported', { ...named, reason: 'manifest' });
  return memoryObstacle(model.id, Math.round(model.vramMiB * MIB), profile);
}

/**
 * Out of memory, where a card was measured and could not be made to hold so much. A measurement that ended because it had
 * taken all that it may take tells nothing of more.
 */
export function memoryObstacle(
  modelId: string,
  neededBytes: number,
  { micro: { gpuMemoryMiB }, deviceMemoryGiB }: HardwareProfile,
): WitanFailure | null {
  if (gpuMemoryMiB === undefined) return null;
  const availableBytes = gpuMemoryMiB * MIB;
  const mostBytes = mostProbedBytes(deviceMemoryGiB);
  const wasFull = nextBufferBytes(availableBytes, mostBytes, mostBytes) > 0;
  if (!wasFull || neededBytes <= availableBytes) return null;
  return failure('out-of-memory', { model: modelId, neededBytes, availableBytes });
}
