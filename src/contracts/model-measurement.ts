import * as v from 'valibot';
import { SpeedRunSchema, type SpeedProgress } from './capacity.ts';
import type { ModelArtifact } from './engine.ts';
import type { Outcome } from './errors.ts';

/** Where the compiled libraries of the catalogue come from. */
export const LIBRARY_HOST = 'raw.githubusercontent.com';

/** Of 177 libraries of mlc-ai/binary-mlc-llm-libs (commit 9ee759c) the largest has 4.19 MB, half have at most 3.76 MB. */
export const USUAL_LIBRARY_BYTES = 4_000_000;
/** What has more is no library, whatever its address says. */
export const MOST_LIBRARY_BYTES = 16_000_000;

/** A model of random weights that a compiled library can run. */
export interface MlcTwinRequest {
  /** The library (`*.wasm`), whole. */
  readonly library: Blob;
  /** Of the model, for failures. */
  readonly name: string;
  /** Tokens of its vocabulary, for a library that leaves it open; null where nobody knows. */
  readonly vocabulary: number | null;
  /** The same request gives the same bytes. */
  readonly seed: number;
}

/** What a library says of its model, and files that web-llm loads as it loads the model's own. */
export interface MlcTwin {
  /** By name in the folder of weights; the library is not among them. */
  readonly files: readonly { readonly name: string; readonly file: Blob }[];
  /** All tensors in graphics memory, bytes. */
  readonly weightBytes: number;
  /** The largest of them, bytes. */
  readonly largestTensorBytes: number;
  readonly vocabulary: number;
  /** Context that the library was compiled for, tokens. */
  readonly contextTokens: number;
}

/** Control plane of the worker that builds models of random weights, for those that a compiled library runs. */
export interface MlcTwinWorkerApi {
  /**
   * Errors: model-invalid with reason `library` (no WebAssembly) or `document` (nothing in it says what it runs);
   * request-unsupported with reason `open-dimension`, `number-format` or `vocabulary`; out-of-memory, storage-failed.
   */
  buildMlc(request: MlcTwinRequest): Promise<Outcome<MlcTwin>>;
}

/** A compiled library, and what of it came over the network for this, bytes. */
export interface FetchedLibrary {
  readonly file: ModelArtifact['file'];
  readonly transferredBytes: number;
}

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
