import * as v from 'valibot';
import { BACKENDS } from './engine.ts';
import type { Outcome } from './errors.ts';
import { EstimateSchema } from './estimate.ts';
import { FIT_VERDICTS } from './model-fit.ts';
import { ModelShapeSchema, type ModelShape } from './model-shape.ts';

const Figure = v.pipe(v.number(), v.finite(), v.minValue(0));
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Text = v.pipe(v.string(), v.minLength(1));

/** Quantizations that a synthetic model can have; the names are those of llama.cpp's files. */
export const SYNTHETIC_QUANTIZATIONS = ['Q4_0', 'Q8_0', 'Q4_K_M'] as const;
export type SyntheticQuantization = (typeof SYNTHETIC_QUANTIZATIONS)[number];

/** A model of random weights that is to be built. */
export interface SyntheticRequest {
  readonly shape: ModelShape;
  readonly quantization: SyntheticQuantization;
  /** The same request gives the same bytes. */
  readonly seed: number;
  /** What the file says that it was trained on, tokens. */
  readonly contextTokens: number;
}

export interface SyntheticFile {
  readonly file: Blob;
  readonly parameters: number;
}

/** Control plane of the worker that builds models of random weights. */
export interface SyntheticWorkerApi {
  /** Errors: request-unsupported with a reason (see `syntheticModel`), out-of-memory. */
  build(request: SyntheticRequest): Promise<Outcome<SyntheticFile>>;
}

/** One answer of a model of random weights on this device, by the engine's own clock. */
export const SpeedRunSchema = v.object({
  promptTokens: Count,
  prefillMs: Figure,
  /** Tokens of the context, on average, while it wrote. */
  contextTokens: Figure,
  /** From one written token to the next. */
  decodeMs: Figure,
  /** From the question to the first token. */
  firstTokenMs: Figure,
});
export type SpeedRun = v.InferOutput<typeof SpeedRunSchema>;

export const MeasuredShapeSchema = v.object({
  shape: ModelShapeSchema,
  quantization: v.picklist(SYNTHETIC_QUANTIZATIONS),
  fileBytes: Figure,
  /** Tokens of a prompt that were taken at once; absent: as many as the engine takes by itself. */
  promptBatchTokens: v.optional(Count),
  /** By the engine's own account, for a context of `contextTokens`. */
  memory: v.object({ contextTokens: Count, weightsBytes: Figure, kvBytes: Figure, computeBytes: Figure }),
  loadMs: Figure,
  /** In the order they were made. */
  runs: v.pipe(v.array(SpeedRunSchema), v.minLength(1)),
});
export type MeasuredShape = v.InferOutput<typeof MeasuredShapeSchema>;

/** How fast small models of random weights were on this device, with one engine on one backend; kept on the device. */
export const SpeedMeasurementSchema = v.object({
  schema: v.literal('witan.speed-measurement'),
  version: v.literal(1),
  measuredAtMs: Figure,
  wallMs: Figure,
  engine: v.literal('wllama'),
  backend: v.picklist(BACKENDS),
  /** Threads really used. */
  threads: Count,
  userAgent: v.string(),
  models: v.pipe(v.array(MeasuredShapeSchema), v.minLength(1)),
  /** Runs thrown away because the page was hidden meanwhile. */
  voided: Count,
  /** Median distance of repeated runs from their median, share; null where nothing was repeated. */
  spread: v.nullable(Figure),
  /** Whether the repeated runs agreed; where not, intervals are wider. */
  stable: v.boolean(),
});
export type SpeedMeasurement = v.InferOutput<typeof SpeedMeasurementSchema>;

export interface SpeedProgress {
  readonly phase: 'build' | 'load' | 'run';
  /** Of the whole measurement, 0..1. */
  readonly fraction: number;
  readonly secondsLeft: number | null;
}

/**
 * measured: this very model ran here, with random weights · interpolated: its size and context lie within what was
 * measured · extrapolated: beyond it, the interval wider with the distance · none: nothing was measured that says anything
 * of it.
 */
export const PREDICTION_METHODS = ['measured', 'interpolated', 'extrapolated', 'none'] as const;

/**
 * What makes a prediction less sure, or impossible. not-measured: this device was not · unstable: its measurement was
 * disturbed · beyond-measured: much larger than what was · recurrent-layers, shared-layers: kinds of layers that nothing
 * like was measured of · shape-unknown: no source gives its dimensions · other-quantization: its format was not measured ·
 * needs-graphics-card: its engine has none here · no-library: what runs it on the card, its compiled
 * library, was not measured here.
 */
export const CAVEATS = [
  'not-measured',
  'unstable',
  'beyond-measured',
  'recurrent-layers',
  'shared-layers',
  'shape-unknown',
  'other-quantization',
  'needs-graphics-card',
  'no-library',
] as const;
export type Caveat = (typeof CAVEATS)[number];

/** Read along at about 5 tokens a second (250 words a minute); below one a second nobody waits. */
export const PACES = ['fluent', 'slow', 'very-slow'] as const;

export const ModelPredictionSchema = v.object({
  id: Text,
  name: Text,
  family: v.string(),
  engine: v.picklist(['wllama', 'web-llm']),
  quantization: v.string(),
  parameters: v.nullable(Figure),
  /** To be fetched; null where nobody says before its own lists are read. */
  sizeBytes: v.nullable(Figure),
  /** Whether all of it is on this device. */
  installed: v.boolean(),
  backend: v.picklist(BACKENDS),
  /** Context that it would be loaded with: what `memory` holds for. */
  contextTokens: Count,
  /** Of the question that `ttft` and `tokensPerSecond` hold for. */
  promptTokens: Count,
  tokensPerSecond: v.nullable(EstimateSchema),
  /** Time to first token, ms. */
  ttft: v.nullable(EstimateSchema),
  /** Bytes while it runs. */
  memory: v.nullable(EstimateSchema),
  /** Its parts, medians; they add up to that of `memory`. */
  memoryParts: v.nullable(
    v.object({ weightsBytes: Figure, cacheBytes: Figure, scratchBytes: Figure, engineBytes: Figure }),
  ),
  /** Bytes that a conversation of 50 questions adds to `memory` at most; absent where nobody can say. */
  conversationBytes: v.optional(Figure),
  fits: v.picklist(FIT_VERDICTS),
  /** The verdict's ground in one sentence, for people. */
  fitReason: v.string(),
  pace: v.nullable(v.picklist(PACES)),
  method: v.picklist(PREDICTION_METHODS),
  caveats: v.array(v.picklist(CAVEATS)),
});
export type ModelPrediction = v.InferOutput<typeof ModelPredictionSchema>;

/** The document of `witan predict`. */
export const PredictReportSchema = v.object({
  schema: v.literal('witan.predict'),
  version: v.literal(1),
  /** Fitting ones first, then by size. */
  models: v.array(ModelPredictionSchema),
  /** What it rests on; null before this device was measured. */
  measuredOn: v.nullable(
    v.object({
      measuredAtMs: Figure,
      wallMs: Figure,
      backend: v.picklist(BACKENDS),
      threads: Count,
      /** Parameters of the models that were run, smallest first. */
      parameters: v.array(Figure),
      stable: v.boolean(),
      userAgent: v.string(),
    }),
  ),
  wall: Figure,
});
export type PredictReport = v.InferOutput<typeof PredictReportSchema>;

export const PREDICTED = ['decode', 'prefill', 'memory'] as const;

/** What became of a prediction when the model really ran here. */
export const PredictionVerdictSchema = v.object({
  schema: v.literal('witan.prediction-verdict'),
  version: v.literal(1),
  atMs: Figure,
  modelId: Text,
  name: Text,
  backend: v.picklist(BACKENDS),
  what: v.picklist(PREDICTED),
  /** Tokens per second; for memory the bytes that the engine accounts for. */
  predicted: EstimateSchema,
  measured: Figure,
  promptTokens: Count,
  /** By which `predicted` had been corrected from earlier runs (a factor of speed); absent: not at all. */
  correction: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0))),
});
export type PredictionVerdict = v.InferOutput<typeof PredictionVerdictSchema>;

/** How right predictions were. */
export interface PredictionScore {
  /** Of |predicted ÷ measured − 1|; null without any. */
  readonly medianError: number | null;
  /** Share of measurements inside their interval; nine of ten are promised. Null without any. */
  readonly covered: number | null;
}

/** How right the predictions were so far. */
export interface PredictionRecord extends PredictionScore {
  /** Newest first. */
  readonly verdicts: readonly PredictionVerdict[];
  /** Each kind of figure by itself: memory is reckoned from a file, speed from a measurement. Those that were compared. */
  readonly kinds: readonly (PredictionScore & {
    readonly what: PredictionVerdict['what'];
    readonly runs: number;
  })[];
}
