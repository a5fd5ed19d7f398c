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

/** What a worker measures for the page; it may die in it (a memory probe), which costs the page nothing. */
export interface MicroBenchWorkerApi {
  /**
   * @param part which figures
   * @param port takes `MicroToPage` messages; the page sends `stop` on it, or word that it was hidden
   */
  run(part: MicroPart, port: MessagePort): Promise<Outcome<MicroPartReport>>;
}

/** `threads`: this worker is one of several that compute at the same time. */
export type MicroPart =
  | { readonly kind: 'gpu'; readonly allowFallback: boolean }
  | { readonly kind: 'gpu-memory'; readonly allowFallback: boolean }
  | { readonly kind: 'storage' }
  | {
      readonly kind: 'wasm';
      readonly threads: number;
      readonly index: number;
      readonly gate: SharedArrayBuffer | null;
    };

export interface MicroPartReport {
  readonly figures: MicroReport['figures'];
  readonly skipped: MicroReport['skipped'];
  readonly clockStepUs: number;
  readonly adapter: string;
  readonly fallback: boolean;
  readonly voided: number;
}

export type MicroToPage = { readonly type: 'progress'; readonly name: MicroName; readonly fraction: number };
export type MicroToWorker = { readonly type: 'stop' } | { readonly type: 'hidden' };
