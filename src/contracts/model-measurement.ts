import * as v from 'valibot';
import { SpeedRunSchema, type SpeedProgress } from './capacity.ts';

const Figure = v.pipe(v.number(), v.finite(), v.minValue(0));
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Text = v.pipe(v.string(), v.minLength(1));

/** How fast a model of the catalogue was on this device, its library being its own and its weights random. Kept here. */
export const ModelMeasurementSchema = v.object({
  schema: v.literal('witan.model-measurement'),
  version: v.literal(1),
  modelId: Text,
  engine: v.literal('web-llm'),
  backend: v.literal('webgpu'),
  measuredAtMs: Figure,
  wallMs: Figure,
  userAgent: v.string(),
  /** What the browser calls the card; empty where it does not say. */
  card: v.string(),
  libraryBytes: Count,
  /** All tensors in graphics memory: what the engine itself counts. */
  weightBytes: Figure,
  contextTokens: Count,
  vocabulary: Count,
  loadMs: Figure,
  /** In the order they were made, after a warm-up. */
  runs: v.pipe(v.array(SpeedRunSchema), v.minLength(1)),
  /** Runs thrown away because the page was hidden meanwhile. */
  voided: Count,
  /** Median distance of repeated runs from their median, share: of writing or of the first token, whichever is larger. */
  spread: Figure,
  /** Whether the repeated runs agreed; where not, intervals are wider. */
  stable: v.boolean(),
});
export type ModelMeasurement = v.InferOutput<typeof ModelMeasurementSchema>;

export interface ModelMeasureProgress {
  /** fetch: its library comes over the network. */
  readonly phase: 'fetch' | SpeedProgress['phase'];
  /** Of the whole, 0..1. */
  readonly fraction: number;
  readonly secondsLeft: number | null;
}
