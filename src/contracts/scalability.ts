import * as v from 'valibot';
import { EstimateSchema } from './estimate.ts';

const Figure = v.pipe(v.number(), v.finite(), v.minValue(0));
const Text = v.pipe(v.string(), v.minLength(1));

/** vertical: a stronger device · horizontal: more of them (mission.md W16). */
export const SCENARIO_KINDS = ['today', 'memory', 'graphics', 'cores', 'second-card', 'servers'] as const;
export const HORIZONS = ['now', 'medium', 'long', 'risk'] as const;

/** A term of a projection as it was put in: people see where a figure comes from. */
const TermSchema = v.object({ name: Text, value: v.number(), unit: v.string() });

export const ProjectionSchema = v.object({
  kind: v.picklist(SCENARIO_KINDS),
  /** "Twice the memory (16 GiB)". */
  title: Text,
  /** Seats that fit, and can answer in bearable time. */
  members: Figure,
  /** Name of the largest model that fits; null for none. */
  largestModel: v.nullable(v.string()),
  /** Of all members together. */
  tokensPerSecond: v.nullable(EstimateSchema),
  /** From the question until all have answered, ms. */
  answerMs: v.nullable(EstimateSchema),
  /** Of `tokensPerSecond` to that of today; null where either is unknown. */
  speedup: v.nullable(Figure),
  /** What holds it back. */
  bound: v.picklist(['memory', 'bandwidth', 'compute', 'serial', 'queue', 'unknown']),
  /** The formula, as text, and what was put in. */
  formula: Text,
  terms: v.array(TermSchema),
});
export type Projection = v.InferOutput<typeof ProjectionSchema>;

export const ScalabilityReportSchema = v.object({
  schema: v.literal('witan.scalability'),
  version: v.literal(1),
  /** The first is the device itself, which the others call today’s: this one, or the one supposed. */
  projections: v.array(ProjectionSchema),
  recommendations: v.array(
    v.object({ horizon: v.picklist(HORIZONS), title: Text, detail: Text, because: Text }),
  ),
});
export type ScalabilityReport = v.InferOutput<typeof ScalabilityReportSchema>;
export type Recommendation = ScalabilityReport['recommendations'][number];

/** What is known of this device's speed: the council of the plan and what it was measured to do. */
export interface ScalabilityInput {
  /** A what-if: all figures are those of a device that is supposed; absent: of this one. */
  readonly supposed?: boolean;
  readonly threads: number;
  readonly cores: number | null;
  /** Speed of all threads ÷ that of one, as measured; null where it was not. */
  readonly threadScaling: number | null;
  readonly memoryBytes: number | null;
  readonly memoryIsFloor: boolean;
  /** Most that one engine can hold on the processor, bytes; absent: what WebAssembly can address. */
  readonly engineBytes?: number;
  readonly graphics: { readonly cards: number; readonly readGBps: number | null } | null;
  readonly remoteServers: number;
  readonly isolated: boolean;
  readonly answerTokens: number;
  readonly promptTokens: number;
  /** The council that the projections are of. */
  readonly members: readonly {
    readonly id: string;
    readonly name: string;
    readonly backend: 'cpu' | 'webgpu' | 'remote' | 'browser';
    readonly memoryBytes: number;
    /** ms of a written token, and its part that grows with bytes read and not with anything else (0..1). */
    readonly decodeMs: { readonly median: number; readonly low: number; readonly high: number } | null;
    readonly bandwidthShare: number | null;
    readonly prefillMs: { readonly median: number; readonly low: number; readonly high: number } | null;
  }[];
  /** All models that are known, smallest first: what would fit with more memory. */
  readonly models: readonly {
    readonly name: string;
    readonly memoryBytes: number;
    readonly parameters: number | null;
  }[];
  /** Questions a minute that the projections must bear; for the queue. */
  readonly questionsPerMinute: number;
}
