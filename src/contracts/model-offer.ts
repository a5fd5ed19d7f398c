/** One way to run a model of the catalogue. */
export interface ModelVariant {
  /** web-llm's `model_id`: what a `MemberChoice` names. */
  readonly id: string;
  /** MLC's name: q4f16_1 means 4-bit weights, 16-bit arithmetic. */
  readonly quantization: string;
  readonly contextTokens: number;
  /** Graphics memory that it takes with its context, bytes; the download is smaller than that. */
  readonly memoryBytes: number;
  /** What of it the context takes, by the model's shape; null where that is not known. */
  readonly cacheBytes: number | null;
  /** Whether at least a part of its weights is on this device. */
  readonly kept: boolean;
}

/** A model of the catalogue and what this device makes of it. */
export interface ModelOffer {
  readonly name: string;
  readonly family: string;
  /** Null when the name does not say it. */
  readonly parameters: number | null;
  /** Of its weights; null where no source was found, or the list of licences could not be read. */
  readonly licence: string | null;
  /** Those that this device's graphics card runs, best first: small weights before large, then long context. */
  readonly variants: readonly ModelVariant[];
  /** Feature or limit of the graphics card that all variants miss; null when there is a variant to run. */
  readonly misses: string | null;
}

export interface ModelOffers {
  /** Why nothing of it runs here; null when something may. */
  readonly unavailable: 'no-webgpu' | 'no-adapter' | 'software-adapter' | null;
  /** Smallest first. */
  readonly models: readonly ModelOffer[];
}
