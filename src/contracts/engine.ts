import type { Outcome } from './errors.ts';

/** Where the arithmetic of an answer really ran, as read back from the engine. */
export type Backend = 'cpu' | 'webgpu' | 'remote';
export type EngineKind = 'wllama' | 'web-llm' | 'prompt-api' | 'remote';

/** One model file and what is known of it before it is loaded. */
export interface ModelSource {
  readonly id: string;
  readonly name: string;
  /** Absolute URL of the GGUF file. */
  readonly url: string;
  readonly sizeBytes: number;
  /** SHA-256 of the file, lower-case hexadecimal. */
  readonly sha256: string;
}

export interface LoadOptions {
  readonly model: ModelSource;
  /** CPU threads wanted; the engine uses 1 where the page is not cross-origin isolated. */
  readonly threads: number;
  /** Tokens of context shared by all slots. */
  readonly contextTokens: number;
  /** Requests the engine may run at once. Never exceeded: see `slots-exhausted`. */
  readonly slots: number;
}

/** What the engine says of a model once it is in memory. */
export interface LoadedModel {
  readonly modelId: string;
  readonly backend: Backend;
  /** Threads really used. */
  readonly threads: number;
  readonly contextTokens: number;
  readonly vocabularySize: number;
  readonly weightBytes: number;
  readonly loadMs: number;
}

export interface GenerateRequest {
  readonly prompt: string;
  /** GBNF grammar that the answer must match (llama.cpp `grammars/README.md`). */
  readonly grammar?: string;
  readonly maxTokens: number;
  /** 0 is greedy decoding. */
  readonly temperature: number;
  readonly seed: number;
  /** Keep decoding to `maxTokens` past the end-of-sequence token; for benchmarks. */
  readonly ignoreEos?: boolean;
  /** Reuse the key-value cache of a common prompt prefix. Off in benchmarks. */
  readonly cachePrompt?: boolean;
}

/** A piece of a streamed answer. */
export interface TokenChunk {
  readonly text: string;
  /** Tokens decoded so far, this chunk included. */
  readonly tokens: number;
  /** Milliseconds since the request was submitted. */
  readonly elapsedMs: number;
}

export interface Generation {
  readonly text: string;
  readonly finish: 'stop' | 'length' | 'cancelled';
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** From submit to the first token, tokenisation and template included; null when no token came. */
  readonly timeToFirstTokenMs: number | null;
  /** The engine's own prefill figure (prompt tokens / prefill time); null when it reports none. */
  readonly prefillTokensPerSecond: number | null;
  /** (tokens − 1) / (last − first token); null below two tokens. */
  readonly decodeTokensPerSecond: number | null;
  readonly durationMs: number;
}

/** How fast a member may stream and decode: the lever of the quality scaler. */
export interface Pacing {
  /** Shortest time between two chunks that reach the page. */
  readonly flushIntervalMs: number;
  /** Pause after each decoded token; 0 is full speed. */
  readonly decodeDelayMs: number;
}

export const FULL_SPEED: Pacing = { flushIntervalMs: 16, decodeDelayMs: 0 };

/** One model behind one interface, whatever runs it. Every promise settles. */
export interface Engine {
  readonly kind: EngineKind;
  /**
   * Brings the model into memory.
   * Errors: model-fetch-failed, model-invalid, model-load-failed, engine-unavailable, engine-incompatible, worker-lost,
   * worker-silent, deadline-exceeded, cancelled.
   */
  load(signal: AbortSignal, options: LoadOptions): Promise<Outcome<LoadedModel>>;
  /**
   * Streams one answer. On abort the text so far comes back with finish 'cancelled'.
   * Errors: slots-exhausted, context-exceeded, engine-failed, worker-lost, worker-silent, deadline-exceeded.
   */
  generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
  ): Promise<Outcome<Generation>>;
  setPacing(pacing: Pacing): void;
  /** Frees the memory. Safe to call twice. */
  unload(): Promise<void>;
}
