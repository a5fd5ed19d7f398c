import type { Estimate } from '#contracts/estimate';
import { MAX_BYTES_WITHOUT_JSPI } from '#contracts/gguf-catalogue';
import type { HardwareProfile } from '#contracts/hardware';
import type { FitReason, FitVerdict, ModelDemand, ModelFit } from '#contracts/model-fit';
import { UNKNOWN_SHAPE } from '#contracts/model-shape';
import { predictMemory, type MemoryPrediction } from './memory-model.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Most that wllama's WASM memory grows to: 65,536 pages (`MAXIMUM_MEMORY` of its build, 3.8.1). */
export const ENGINE_LIMIT_BYTES = 4 * GIB;

/**
 * Where the browser grants less than those 4 GiB, emscripten, which does not know of it, asks for 5 % more than there is
 * whenever it needs any (`emscripten_resize_heap`, third try), so the last of it may not be had.
 */
const GROWTH_SHARE = 1.05;

/**
 * Share of the told memory that may be taken without crowding out the system, the browser and other programs: half of what
 * there is, which is three quarters of what is told at worst: Chromium rounds to the nearer power of two.
 */
export const ROOMY_SHARE = 0.5 * 0.75;

/** Where memory is not told, a phone may be meant: its tabs were ended at about 1.5 GB (web-llm#753). */
const ROOMY_UNTOLD_BYTES = GIB;

/** A stack of 5 MB in WASM memory for each; how many it will be is decided when it is loaded. */
const FEWEST_THREADS = 1;
const MOST_THREADS = 8;

/** No device that runs a browser has as much; beyond it sums of bytes would not be exact either. */
const MOST_TOLD_GIB = 2 ** 20;

/** What the device says it has; null where it says nothing, or what no device has. */
export function toldMemoryBytes({
  deviceMemoryGiB: told,
}: Pick<HardwareProfile, 'deviceMemoryGiB'>): number | null {
  return told !== null && told > 0 && told <= MOST_TOLD_GIB ? told * GIB : null;
}

/** A graphics card that wllama can use: it waits for it by promise integration. */
function hasCard({ adapters: [first], features }: HardwareProfile): boolean {
  return first !== undefined && !first.fallback && features.jspi;
}

/** Whether WASM memory that may grow to `limitBytes` holds that: `fits` and `exceeds` are certain, in nine of ten at least. */
export function heapFit(heap: Estimate, limitBytes: number): 'fits' | 'unsure' | 'exceeds' {
  const usableBytes = limitBytes >= ENGINE_LIMIT_BYTES ? ENGINE_LIMIT_BYTES : limitBytes / GROWTH_SHARE;
  if (heap.high <= usableBytes) return 'fits';
  return heap.low > limitBytes ? 'exceeds' : 'unsure';
}

function predicted(demand: ModelDemand, backend: 'cpu' | 'webgpu'): MemoryPrediction {
  const withThreads = (threads: number): MemoryPrediction =>
    predictMemory({
      shape: demand.shape ?? UNKNOWN_SHAPE,
      fileBytes: demand.weightsBytes,
      contextTokens: demand.contextTokens,
      knownCacheBytes: demand.cacheBytes,
      backend,
      threads,
    });
  const fewest = withThreads(FEWEST_THREADS);
  const most = withThreads(MOST_THREADS);
  const both = (of: 'total' | 'heap'): Estimate => ({
    ...most[of],
    low: Math.min(fewest[of].low, most[of].low),
  });
  return { ...most, total: both('total'), heap: both('heap') };
}

/**
 * Whether a GGUF model runs on this device, and how well.
 * `runs-well` claims that it loads and answers to the end of its context: the upper end of the prediction lies below what
 * the engine can hold, and within the share of the device's memory that is free by assumption. What a long conversation adds
 * (`MemoryPrediction.kept`) is told beside it and not judged: where the engine's memory ends it lets go of that first.
 * `will-not-fit` claims that it cannot: the lower end lies above what the engine can hold or what the device tells it has;
 * told too little by rounding, it has half as much again, which system and browser need.
 * `tight` claims neither: everything between, and everything that cannot be known.
 * @param memoryIsFloor the browser tells of no more than that, so there may be any amount above it
 * @param engineLimitBytes what WASM memory may grow to here, where that is known to be less than wllama asks for
 */
export function memoryFit(
  profile: HardwareProfile,
  demand: ModelDemand,
  memoryIsFloor: boolean,
  engineLimitBytes = ENGINE_LIMIT_BYTES,
): ModelFit {
  const onProcessor = predicted(demand, 'cpu');
  const verdictOf =
    ({ parts, total }: MemoryPrediction) =>
    (is: FitVerdict, reason: FitReason, availableBytes: number | null): ModelFit => ({
      verdict: is,
      reason,
      neededBytes: parts === null ? total.low : total.median,
      availableBytes,
    });
  const verdict = verdictOf(onProcessor);
  if (demand.largestFileBytes > MAX_BYTES_WITHOUT_JSPI && !profile.features.jspi)
    return verdict('will-not-fit', 'file-size', MAX_BYTES_WITHOUT_JSPI);
  const memoryBytes = toldMemoryBytes(profile);
  if (memoryBytes !== null && !memoryIsFloor && onProcessor.total.low > memoryBytes)
    return verdict('will-not-fit', 'memory', memoryBytes);
  const roomyBytes = memoryBytes === null ? ROOMY_UNTOLD_BYTES : ROOMY_SHARE * memoryBytes;
  const heap = heapFit(onProcessor.heap, engineLimitBytes);
  if (heap === 'exceeds') {
    if (!hasCard(profile)) return verdict('will-not-fit', 'engine-memory', engineLimitBytes);
    const onCard = predicted(demand, 'webgpu');
    const cardVerdict = verdictOf(onCard);
    if (heapFit(onCard.heap, engineLimitBytes) === 'exceeds')
      return cardVerdict('will-not-fit', 'engine-memory', engineLimitBytes);
    const { gpuMemoryMiB } = profile.micro;
    if (gpuMemoryMiB === undefined) return cardVerdict('tight', 'card-only', engineLimitBytes);
    // A card in the processor's package has no memory of its own: the device's must have room, too. What was taken is the
    // least there is: the probe stops before it disturbs anyone.
    const room =
      (onCard.graphics?.high ?? 0) <= gpuMemoryMiB * MIB &&
      onCard.total.high <= roomyBytes &&
      heapFit(onCard.heap, engineLimitBytes) === 'fits';
    return cardVerdict(room ? 'runs-well' : 'tight', 'graphics-memory', gpuMemoryMiB * MIB);
  }
  const roomy = heap === 'fits' && onProcessor.total.high <= roomyBytes;
  const why = heap === 'unsure' ? 'engine-memory' : memoryBytes === null ? 'memory-untold' : 'memory';
  const available = why === 'engine-memory' ? engineLimitBytes : memoryBytes;
  return verdict(roomy ? 'runs-well' : 'tight', why, available);
}
