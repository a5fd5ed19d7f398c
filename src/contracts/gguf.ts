/**
 * Why a GGUF file, or a set of its parts, is refused: the `reason` in the details of a `model-invalid`. A page has a
 * sentence for each (`gguf-messages.ts`).
 */
export const GGUF_REFUSALS = [
  'not-gguf',
  'version-1',
  'version-unknown',
  'big-endian',
  'truncated',
  'header-too-large',
  'too-many-keys',
  'too-many-tensors',
  'key-name',
  'key-duplicate',
  'key-type',
  'value-type',
  'value-invalid',
  'string-too-long',
  'array-too-long',
  'array-nested',
  'alignment',
  'architecture',
  'shape',
  'vocabulary-mismatch',
  'no-tensors',
  'tensor-name',
  'tensor-duplicate',
  'tensor-dimensions',
  'tensor-type',
  'tensor-row',
  'tensor-unaligned',
  'tensor-outside',
  'tensor-overlap',
  'tensor-order',
  'split-info',
  'split-name',
  'split-part-missing',
  'split-part-double',
  'split-part-foreign',
  'split-tensor-count',
] as const;

export type GgufRefusal = (typeof GGUF_REFUSALS)[number];

/** One value for all layers, or one for each in order; null where the file does not say. */
export type PerLayer = number | readonly number[] | null;

/** What a file's tensors of one type come to. */
export interface GgufTensorShare {
  /** Name of the type as ggml has it, e.g. `Q4_K`. */
  readonly type: string;
  readonly tensors: number;
  readonly parameters: number;
  readonly sizeBytes: number;
}

export interface GgufQuantization {
  /** What the file says of itself (`general.file_type`), e.g. `Q4_K_M`; null where it says nothing that is known. */
  readonly declared: string | null;
  /** The tensor type that most of the parameters have; null without tensors. */
  readonly dominant: string | null;
  /** Whether the two tell of different quantizations; false where either is null. */
  readonly differ: boolean;
}

/** Of the model's computation; each null where the file does not say. */
export interface GgufShape {
  /** Tokens the model was trained on. */
  readonly contextTokens: number | null;
  readonly layers: number | null;
  readonly embedding: number | null;
  readonly heads: PerLayer;
  /** Heads of keys and values: how large the cache is. */
  readonly kvHeads: PerLayer;
  /** Numbers in a key, and in a value, of one head. */
  readonly keyDimensions: number | null;
  readonly valueDimensions: number | null;
  /** Tokens that the layers with a window look back; null where every layer sees all. */
  readonly slidingWindowTokens: number | null;
  readonly vocabulary: number | null;
  /** Experts of each layer; null for a dense model. */
  readonly experts: number | null;
}

export interface GgufChatTemplate {
  /** SHA-256 of its bytes as they stand in the file, lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Its beginning where it is longer than a page can show (`TEMPLATE_SHOWN_CHARS` of the parser). */
  readonly text: string;
  readonly cut: boolean;
}

/** Where a part stands in its set. */
export interface GgufSplit {
  /** Counted from 0. */
  readonly part: number;
  readonly parts: number;
  /** Of all parts together; null where the part does not say. */
  readonly tensors: number | null;
}

/** What a GGUF file says of itself, proved to be consistent but not to be true. */
export interface GgufSummary {
  readonly version: 2 | 3;
  /** Null only in a part other than the first, which need not repeat it. */
  readonly architecture: string | null;
  /** `model`, `adapter`, `mmproj`, `vocab` and the like; null where the file does not say. */
  readonly kind: string | null;
  readonly name: string | null;
  readonly license: string | null;
  /** Numbers in all tensors. */
  readonly parameters: number;
  readonly tensors: number;
  /** By type, the most parameters first. */
  readonly tensorTypes: readonly GgufTensorShare[];
  readonly quantization: GgufQuantization;
  readonly shape: GgufShape;
  /**
   * Bytes that each token of a context adds to the cache of keys and values at half precision, as if no layer had a window
   * (so at most). Null where the shape is not known or the architecture keeps something else.
   */
  readonly kvBytesPerToken: number | null;
  readonly tokenizer: { readonly model: string | null; readonly pre: string | null };
  readonly chatTemplate: GgufChatTemplate | null;
  readonly split: GgufSplit | null;
  readonly alignmentBytes: number;
  /** Where the tensors begin. */
  readonly dataFromByte: number;
  /** Size of a whole file: the end of the last tensor, filled up to the alignment. */
  readonly expectedSizeBytes: number;
}

/** A model in one file or several. */
export interface GgufSet {
  /** In the order of the parts. */
  readonly fileNames: readonly string[];
  /** Of the model as a whole: sums over its parts, everything else as the first says it. */
  readonly summary: GgufSummary;
}
