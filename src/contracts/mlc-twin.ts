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
