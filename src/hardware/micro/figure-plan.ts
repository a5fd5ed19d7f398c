import type { MicroName } from '#contracts/micro-bench';

/** How a figure is repeated. */
export interface FigurePlan {
  /** A repetition is made at least so long, by doing more of the same: start and end then weigh little. */
  readonly sampleMs: number;
  /** Most work of one repetition, in blocks of the figure. */
  readonly maxBlocks: number;
  /** Repetitions that count in one visit. */
  readonly rounds: number;
  /** Whether runs that do not count come first: to find the blocks, to compile, to wake sleeping clocks. */
  readonly warmUp: boolean;
  /** Visits before the figure may be stable. Some, seconds apart, show a drift that lasts for seconds. */
  readonly leastVisits: number;
  /** After so many it will not become stable any more. */
  readonly mostVisits: number;
  /** Fewer repetitions cannot be stable. */
  readonly leastSamples: number;
}

/** Six is the fewest for which min to max covers the median with 95 % (96.9 %; benchmarks research §2.2). */
const LEAST_SAMPLES = 6;

/** A page that draws on the same graphics card waits for what is under way: well below the 50 ms that people notice. */
const GPU_SAMPLE_MS = 25;

const PROCESSOR: FigurePlan = {
  sampleMs: 25,
  maxBlocks: 2 ** 20,
  rounds: 4,
  warmUp: true,
  leastVisits: 4,
  mostVisits: 12,
  leastSamples: LEAST_SAMPLES,
};
const GRAPHICS: FigurePlan = { ...PROCESSOR, sampleMs: GPU_SAMPLE_MS };

export const FIGURE_PLANS: Readonly<Record<MicroName, FigurePlan>> = {
  wasmReadGBps1: PROCESSOR,
  wasmReadGBpsAll: PROCESSOR,
  wasmGflops1: PROCESSOR,
  wasmGflopsAll: PROCESSOR,
  gpuReadGBps: GRAPHICS,
  gpuF32Gflops: GRAPHICS,
  gpuF16Gflops: GRAPHICS,
  gpuDispatchUs: { ...GRAPHICS, sampleMs: 20 },
  gpuReadbackMs: { ...GRAPHICS, sampleMs: 20, maxBlocks: 64 },
  // As much again would tell nothing more, and takes the memory from others meanwhile.
  gpuMemoryMiB: {
    sampleMs: 0,
    maxBlocks: 1,
    rounds: 1,
    warmUp: false,
    leastVisits: 2,
    mostVisits: 2,
    leastSamples: 2,
  },
  // Flash wears: some 300 MiB in all (8 visits, a run that does not count and one that does, 16 MiB each).
  storageWriteMBps: { ...PROCESSOR, sampleMs: 0, maxBlocks: 1, rounds: 1, leastVisits: 6, mostVisits: 8 },
  storageReadMBps: { ...PROCESSOR, maxBlocks: 8, rounds: 3 },
};

/** Steps of the clock in one repetition: its grain is then at most half a percent (benchmarks research §5). */
const CLOCK_STEPS = 200;

/** How long a repetition is to take. */
export function wantedMs(plan: FigurePlan, clockStepUs: number): number {
  return plan.sampleMs === 0 ? 0 : Math.max(plan.sampleMs, (CLOCK_STEPS * clockStepUs) / 1000);
}
