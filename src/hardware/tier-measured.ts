import type { HardwareProfile } from '#contracts/hardware';
import type { MicroName } from '#contracts/micro-bench';
import { realGpus } from './tier-gpu.ts';
import { CERTAIN, CUTS, DOUBTFUL, type ScoredInput, type Thresholds } from './tier-levels.ts';

/**
 * Memory speed of the graphics card as a page measures it. By makers' figures one memory channel has 17–26 GB/s (LPDDR4X,
 * DDR4), an integrated GPU on two 38–102, mid-size cards 128–450, large ones more than 500; a page reaches 40–90 % of it
 * (M1 Max 318 of 410 GB/s, llama.cpp #1642; 39–92 % on eight more, research/benchmarks.md §4). So below 20 there is one
 * channel, and from 250 on a large card even where half of its speed is lost. In models: at 20 GB/s one of 4 billion
 * parameters (2.26 GB per token) writes at most 9 tokens/s, at 250 one of 8 billion (4.22 GB) at most 59.
 */
const GPU_READ_GBPS = { low: 20, high: 250 } as const;
/**
 * A page gets about a third of what makers promise (M1: 900 of 2,600 GFLOP/s, §4). A question of 512 tokens costs a model of
 * 1 billion parameters 1,010 GFLOP and one of 8 billion 7,220 (§4): 7 s at 150, 2.4 s at 3,000.
 */
const GPU_GFLOPS = { low: 150, high: 3_000 } as const;
/**
 * Processor, all threads. One channel of DDR4 gives 15–20 GB/s natively and about half of it to two threads of a page; two
 * channels of DDR5 or LPDDR5 have 68–137. A model of 1 billion parameters (0.695 GB per token, §4) writes at most 12
 * tokens/s at 8 GB/s and 58 at 40.
 */
const CPU_READ_GBPS = { low: 8, high: 40 } as const;
/**
 * 128-bit SIMD multiplies and adds 4 numbers a cycle: 24 GFLOP/s per core at 3 GHz, of which compiled loops reach about
 * half. 50 are four such cores (W2's 6 logical ones, rounded down), 150 twelve.
 */
const CPU_GFLOPS = { low: 50, high: 150 } as const;

/** Writing an answer is bound by reading the model; multiplying bounds how soon it begins. */
const READ_SHARE = 0.7;

/** 0.25 and 0.75, the cuts of the tiers, at the two thresholds, and straight between them by ratio: steps are factors. */
function share(value: number, { low, high }: Thresholds): number {
  const steps = Math.log(Math.max(value, Number.MIN_VALUE) / low) / Math.log(high / low);
  return Math.min(1, Math.max(0, CUTS.mid + (CUTS.high - CUTS.mid) * steps));
}

interface Figure {
  readonly name: MicroName;
  readonly value: number;
}

/** The first of these figures that was measured. */
function figure(profile: HardwareProfile, ...names: readonly MicroName[]): Figure | null {
  for (const name of names) {
    const value = profile.micro[name];
    if (value !== undefined && Number.isFinite(value)) return { name, value };
  }
  return null;
}

interface Sides {
  readonly read: Figure | null;
  readonly multiply: Figure | null;
  readonly readAt: Thresholds;
  readonly multiplyAt: Thresholds;
  readonly subject: string;
  readonly unstable: readonly string[];
}

function inWords(value: number, unit: string): string {
  const digits = value < 10 ? 1 : 0;
  return `${value.toLocaleString('en', { maximumFractionDigits: digits })} ${unit}`;
}

function scoreSides({ read, multiply, readAt, multiplyAt, subject, unstable }: Sides): ScoredInput | null {
  const reads = read === null ? null : share(read.value, readAt);
  const multiplies = multiply === null ? null : share(multiply.value, multiplyAt);
  const score =
    reads === null || multiplies === null
      ? (reads ?? multiplies)
      : READ_SHARE * reads + (1 - READ_SHARE) * multiplies;
  if (score === null) return null;
  const shaky = [read, multiply].some((side) => side !== null && unstable.includes(side.name));
  const value = [
    read === null ? '' : inWords(read.value, 'GB/s'),
    multiply === null ? '' : inWords(multiply.value, 'GFLOP/s'),
  ];
  const limits =
    read === null
      ? `below ${inWords(multiplyAt.low, 'GFLOP/s')} is low, above ${inWords(multiplyAt.high, 'GFLOP/s')} is high`
      : `below ${inWords(readAt.low, 'GB/s')} is low, above ${inWords(readAt.high, 'GB/s')} is high`;
  return {
    value: value.filter((part) => part !== '').join(', '),
    score,
    certainty: shaky ? DOUBTFUL : CERTAIN,
    explanation: shaky
      ? `Measured, but something else disturbed it: ${limits}.`
      : `Measured here, so it counts more than what the browser tells of ${subject}: ${limits}.`,
  };
}

/**
 * Null where it was not measured, and where there is no graphics card: what a software adapter computes with is the
 * processor.
 * @param unstable names of figures whose repetitions did not agree
 */
export function scoreMeasuredGpu(profile: HardwareProfile, unstable: readonly string[]): ScoredInput | null {
  if (realGpus(profile).length === 0) return null;
  return scoreSides({
    read: figure(profile, 'gpuReadGBps'),
    multiply: figure(profile, 'gpuF16Gflops', 'gpuF32Gflops'),
    readAt: GPU_READ_GBPS,
    multiplyAt: GPU_GFLOPS,
    subject: 'the graphics card',
    unstable,
  });
}

/** Null where it was not measured. Without threads the figures of one count, for models then have no more either. */
export function scoreMeasuredCpu(profile: HardwareProfile, unstable: readonly string[]): ScoredInput | null {
  return scoreSides({
    read: figure(profile, 'wasmReadGBpsAll', 'wasmReadGBps1'),
    multiply: figure(profile, 'wasmGflopsAll', 'wasmGflops1'),
    readAt: CPU_READ_GBPS,
    multiplyAt: CPU_GFLOPS,
    subject: 'the processor',
    unstable,
  });
}

/** Graphics memory that could be taken, MiB; null where it was not measured or there is no graphics card. */
export function takenMemoryMiB(profile: HardwareProfile): number | null {
  return realGpus(profile).length === 0 ? null : (figure(profile, 'gpuMemoryMiB')?.value ?? null);
}
