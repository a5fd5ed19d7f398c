import * as v from 'valibot';
import { MicroReportSchema } from './micro-bench.ts';

export const TIERS = ['low', 'mid', 'high'] as const;
export type Tier = (typeof TIERS)[number];

export const AdapterSchema = v.object({
  /** Which request returned it. */
  powerPreference: v.picklist(['high-performance', 'low-power']),
  vendor: v.string(),
  architecture: v.string(),
  device: v.string(),
  description: v.string(),
  /** A software adapter: never counts as a GPU. */
  fallback: v.boolean(),
  features: v.array(v.string()),
  /** Adapter limits by their WebGPU name; bytes and counts as the standard defines them. */
  limits: v.record(v.string(), v.number()),
});
export type Adapter = v.InferOutput<typeof AdapterSchema>;

/** States of Compute Pressure, least first. */
export const PRESSURES = ['nominal', 'fair', 'serious', 'critical'] as const;

export const StorageReadingSchema = v.object({
  /** What `navigator.storage.estimate()` says; an upper bound, not a promise (Chromium reports usage + 10 GiB). */
  quotaBytes: v.nullable(v.number()),
  usageBytes: v.nullable(v.number()),
  persisted: v.nullable(v.boolean()),
  opfs: v.boolean(),
  indexedDb: v.boolean(),
});

/** What the page could read of this machine. null always means "this browser does not tell". */
export const HardwareProfileSchema = v.object({
  schema: v.literal('witan.hardware-profile'),
  version: v.literal(1),
  adapters: v.array(AdapterSchema),
  webgpu: v.picklist(['available', 'no-adapter', 'unsupported']),
  cores: v.nullable(v.number()),
  /** The browser's rounded hint, in GiB. */
  deviceMemoryGiB: v.nullable(v.number()),
  /** `navigator.cpuPerformance` (WICG), 0 to 4. */
  cpuPerformance: v.nullable(v.number()),
  /** The battery where the browser tells of one; a machine without one reads as charging and full. */
  power: v.optional(
    v.nullable(
      v.object({
        charging: v.nullable(v.boolean()),
        /** 0 empty to 1 full. */
        level: v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
      }),
    ),
  ),
  /** How hard the processor was at work while it was probed (Compute Pressure). */
  pressure: v.optional(v.nullable(v.picklist(PRESSURES))),
  storage: StorageReadingSchema,
  /** Cross-origin isolated: threads and fine clocks are available. */
  isolated: v.boolean(),
  /** Smallest step of `performance.now()` that was seen, in microseconds. */
  clockStepUs: v.number(),
  refreshIntervalMs: v.nullable(v.number()),
  features: v.object({
    wasmSimd: v.boolean(),
    jspi: v.boolean(),
    sharedArrayBuffer: v.boolean(),
    serviceWorker: v.boolean(),
  }),
  /** Medians of `MICRO_FIGURES`, with the unit in the name. Empty until the device was measured. */
  micro: v.record(v.string(), v.number()),
  userAgent: v.string(),
  platform: v.string(),
});
export type HardwareProfile = v.InferOutput<typeof HardwareProfileSchema>;

/** One input of the tier and what it contributed. */
export const TierReasonSchema = v.object({
  input: v.picklist(['gpu', 'cores', 'memory', 'measured-gpu', 'measured-cpu', 'override', 'last-visit']),
  /** The reading, as text with its unit. */
  value: v.string(),
  /** 0 (low), 0.5 (mid), 1 (high), or between where it was measured; null when the browser does not tell. */
  score: v.nullable(v.number()),
  /** Share of the total weight, 0..1. */
  weight: v.number(),
  explanation: v.string(),
});
export type TierReason = v.InferOutput<typeof TierReasonSchema>;

export const TierVerdictSchema = v.object({
  tier: v.picklist(TIERS),
  /** Weighted score, 0..1. */
  score: v.number(),
  /** Share of the total weight that was known, lowered near a threshold, 0..1. */
  confidence: v.number(),
  reasons: v.array(TierReasonSchema),
});
export type TierVerdict = v.InferOutput<typeof TierVerdictSchema>;

/** The headless document of `witan probe`. */
export const ProbeReportSchema = v.object({
  schema: v.literal('witan.probe'),
  version: v.literal(1),
  profile: HardwareProfileSchema,
  tier: v.picklist(TIERS),
  reasons: v.array(TierReasonSchema),
  confidence: v.number(),
  /** The newest measurement of this device, all samples in it; null before the first. */
  measured: v.nullable(MicroReportSchema),
  /** The tier that the user set; null where none was. */
  override: v.nullable(v.picklist(TIERS)),
});
export type ProbeReport = v.InferOutput<typeof ProbeReportSchema>;
