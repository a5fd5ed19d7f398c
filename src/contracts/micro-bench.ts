import * as v from 'valibot';
import type { Outcome } from './errors.ts';

const Figure = v.pipe(v.number(), v.finite(), v.minValue(0));

/** What is measured of a device without any model; the unit is in the name. Order is the order of showing. */
export const MICRO_FIGURES = {
  wasmReadGBps1: { unit: 'GB/s', title: 'Processor reads memory, one thread' },
  wasmReadGBpsAll: { unit: 'GB/s', title: 'Processor reads memory, all threads' },
  wasmGflops1: { unit: 'GFLOP/s', title: 'Processor multiplies (SIMD), one thread' },
  wasmGflopsAll: { unit: 'GFLOP/s', title: 'Processor multiplies (SIMD), all threads' },
  gpuReadGBps: { unit: 'GB/s', title: 'Graphics card reads its memory' },
  gpuF32Gflops: { unit: 'GFLOP/s', title: 'Graphics card multiplies, 32-bit' },
  gpuF16Gflops: { unit: 'GFLOP/s', title: 'Graphics card multiplies, 16-bit' },
  gpuDispatchUs: { unit: 'µs', title: 'Graphics card starts one computation' },
  gpuReadbackMs: { unit: 'ms', title: 'Graphics card hands a result back' },
  gpuMemoryMiB: { unit: 'MiB', title: 'Graphics memory that could be taken' },
  storageWriteMBps: { unit: 'MB/s', title: 'Storage writes' },
  storageReadMBps: { unit: 'MB/s', title: 'Storage reads' },
} as const satisfies Record<string, { readonly unit: string; readonly title: string }>;
export type MicroName = keyof typeof MICRO_FIGURES;
export const MICRO_NAMES = Object.keys(MICRO_FIGURES) as readonly MicroName[];

export const MicroReadingSchema = v.object({
  /** In the unit of the figure, as are `low`, `high` and the samples. */
  median: Figure,
  /** Order-statistic interval of the median, or the extremes where there are too few samples for one. */
  low: Figure,
  high: Figure,
  /** In the order they were taken, those of voided repetitions left out. */
  samples: v.pipe(v.array(Figure), v.minLength(1)),
  /** False where the repetitions did not agree within 5 % in the time there was: read it with care. */
  stable: v.boolean(),
});
export type MicroReading = v.InferOutput<typeof MicroReadingSchema>;

/** Why a figure is missing. lost: the graphics device or the worker was lost while it was measured. */
export const MICRO_SKIPS = [
  'no-webgpu',
  'software-adapter',
  'no-f16',
  'no-threads',
  'no-storage',
  'lost',
  'failed',
] as const;

/** A measurement of the device itself, kept on it. */
export const MicroReportSchema = v.object({
  schema: v.literal('witan.micro-bench'),
  version: v.literal(1),
  /** Milliseconds since the Unix epoch. */
  measuredAtMs: Figure,
  wallMs: Figure,
  figures: v.partial(
    v.object(
      Object.fromEntries(MICRO_NAMES.map((name) => [name, MicroReadingSchema])) as Record<
        MicroName,
        typeof MicroReadingSchema
      >,
    ),
  ),
  skipped: v.array(v.object({ name: v.picklist(MICRO_NAMES), reason: v.picklist(MICRO_SKIPS) })),
  conditions: v.object({
    /** Threads of the figures that end in `All`. */
    threads: Figure,
    isolated: v.boolean(),
    /** Of the worker's clock, µs. */
    clockStepUs: Figure,
    /** Repetitions thrown away because the page was hidden meanwhile. */
    voided: Figure,
    /** The adapter that was measured, as it names itself; empty without one. */
    adapter: v.string(),
    /** A software adapter: its figures say nothing of a graphics card. */
    fallback: v.boolean(),
    userAgent: v.string(),
  }),
});
export type MicroReport = v.InferOutput<typeof MicroReportSchema>;

export interface MicroProgress {
  /** What is being measured now. */
  readonly name: MicroName;
  /** Of the whole measurement, 0..1. */
  readonly fraction: number;
  readonly secondsLeft: number | null;
}

/**
 * What a worker measures for the page; it may die in it, which costs the page nothing. The page asks for one repetition at a
 * time: it knows when it was hidden, and ends the worker when the user has had enough.
 */
export interface MicroBenchWorkerApi {
  /** Makes ready what the figures of this part need, and proves that the kernels compute what they should. */
  prepare(part: MicroPart): Promise<Outcome<MicroPrepared>>;
  /**
   * One repetition. Errors: device-lost, out-of-memory, storage-failed, deadline-exceeded (another thread did not come),
   * internal (a kernel computed something else).
   * @param blocks how much work, in units of the figure's own; the page finds out how many it takes
   */
  sample(name: MicroName, blocks: number): Promise<Outcome<MicroSample>>;
  /** Gives back all that was taken, files too. */
  end(): Promise<Outcome<null>>;
}

/** `index`: this worker is one of `threads` that compute at the same time. */
export type MicroPart =
  | { readonly kind: 'gpu'; readonly allowFallback: boolean }
  | { readonly kind: 'gpu-memory'; readonly allowFallback: boolean }
  | { readonly kind: 'storage' }
  | {
      readonly kind: 'wasm';
      readonly threads: number;
      readonly index: number;
      /** What the first of the workers made and the others read; null for the first. */
      readonly memory: WebAssembly.Memory | null;
    };

export interface MicroPrepared {
  /** Figures that can be sampled now. */
  readonly names: readonly MicroName[];
  readonly skipped: MicroReport['skipped'];
  /** Smallest step of the worker's clock, µs. */
  readonly clockStepUs: number;
  /** The adapter, as it names itself; empty where none is used. */
  readonly adapter: string;
  readonly fallback: boolean;
  /** Shared with the other threads; null where there are none. */
  readonly memory: WebAssembly.Memory | null;
}

export interface MicroSample {
  /** In the unit of the figure. */
  readonly value: number;
  /** How long the work took, on the worker's clock; what handing it in costs by itself need not count. */
  readonly elapsedMs: number;
}
