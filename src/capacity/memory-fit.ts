import { MAX_BYTES_WITHOUT_JSPI } from '#contracts/gguf-catalogue';
import type { HardwareProfile } from '#contracts/hardware';
import type { FitReason, FitVerdict, ModelDemand, ModelFit } from '#contracts/model-fit';

const GIB = 2 ** 30;

/** Most that wllama's WASM memory grows to: 65,536 pages (`MAXIMUM_MEMORY` of its build, 3.8.1). */
const ENGINE_BYTES = 4 * GIB;

/**
 * Beside weights and cache: the engine itself and the scratch of its graph. As much as its memory begins with
 * (`INITIAL_MEMORY` of the build). The scratch of a model of 30 M parameters is 0.7 MB by llama.cpp's own account, for it
 * keeps the logits of few tokens of a batch; that of a 4B model, by its dimensions, some 30 MB on a card.
 */
const OVERHEAD_BYTES = 128 * 2 ** 20;

/**
 * Share of the device's memory that may be taken without crowding out the system, the browser and the page. The browser's
 * figure is rounded to a power of two, so it may be wrong by a third in either direction.
 */
const ROOMY_SHARE = 0.5;

/** Where memory is not told, a phone may be meant: its tabs were ended at about 1.5 GB (web-llm#753). */
const ROOMY_UNTOLD_BYTES = GIB;

/**
 * Keys and values whose size is not known are taken to be no larger than the weights: at 4,096 tokens even models that do
 * not share heads stay below that (a 7B model of 32 heads: 2 GiB beside 4 GB at four bits).
 */
const worstCache = ({ weightsBytes }: ModelDemand): number => weightsBytes;

/** A graphics card that wllama can use: it waits for it by promise integration. */
function hasCard({ adapters: [first], features }: HardwareProfile): boolean {
  return first !== undefined && !first.fallback && features.jspi;
}

/**
 * Whether a GGUF model runs on this device, and how well. What is certainly too much will not fit; what certainly leaves
 * room runs well; everything between, and everything that cannot be known, is tight.
 * @param memoryIsFloor the browser tells of no more than that, so there may be any amount above it
 */
export function memoryFit(profile: HardwareProfile, demand: ModelDemand, memoryIsFloor: boolean): ModelFit {
  const neededBytes = demand.weightsBytes + (demand.cacheBytes ?? 0) + OVERHEAD_BYTES;
  const atMostBytes = demand.cacheBytes === null ? neededBytes + worstCache(demand) : neededBytes;
  const verdict = (is: FitVerdict, reason: FitReason, availableBytes: number | null): ModelFit => ({
    verdict: is,
    reason,
    neededBytes,
    availableBytes,
  });
  if (demand.largestFileBytes > MAX_BYTES_WITHOUT_JSPI && !profile.features.jspi)
    return verdict('will-not-fit', 'file-size', MAX_BYTES_WITHOUT_JSPI);
  const memoryBytes = profile.deviceMemoryGiB === null ? null : profile.deviceMemoryGiB * GIB;
  if (memoryBytes !== null && !memoryIsFloor && neededBytes > memoryBytes)
    return verdict('will-not-fit', 'memory', memoryBytes);
  if (neededBytes > ENGINE_BYTES) {
    if (hasCard(profile)) return verdict('tight', 'card-only', ENGINE_BYTES);
    return verdict('will-not-fit', 'engine-memory', ENGINE_BYTES);
  }
  if (memoryBytes === null)
    return verdict(atMostBytes <= ROOMY_UNTOLD_BYTES ? 'runs-well' : 'tight', 'memory-untold', null);
  const roomyBytes = Math.min(ROOMY_SHARE * memoryBytes, ENGINE_BYTES);
  return verdict(atMostBytes <= roomyBytes ? 'runs-well' : 'tight', 'memory', memoryBytes);
}
