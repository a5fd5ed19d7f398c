import type { Outcome } from './errors.ts';
import type { Compute } from './leases.ts';

/**
 * Where the arithmetic of an answer really ran, as read back from the engine. `browser`: in a process of the browser,
 * which does not tell where (its built-in model).
 */
export const BACKENDS = ['cpu', 'webgpu', 'remote', 'browser'] as const;
export type Backend = (typeof BACKENDS)[number];

export const ENGINE_KINDS = ['wllama', 'web-llm', 'prompt-api', 'remote'] as const;
export type EngineKind = (typeof ENGINE_KINDS)[number];

/** One GGUF file (llama.cpp) and what is known of it before it is loaded. */
export interface GgufSource {
  readonly format: 'gguf';
  readonly id: string;
  readonly name: string;
  /** Absolute URL of the GGUF file. */
  readonly url: string;
  readonly sizeBytes: number;
  /** SHA-256 of the file, lower-case hexadecimal. */
  readonly sha256: string;
}

/** A GGUF model of the model store, which proves its files each time that it hands them out. */
export interface StoredSource {
  readonly format: 'stored';
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** Its parts in order; absent until the store has been asked for them, which is part of the load. */
  readonly files?: readonly Blob[];
}

/** A file of a model under the address that its engine asks for it by. */
export interface ModelArtifact {
  readonly url: string;
  readonly file: Blob;
}

/** A model compiled for WebGPU by MLC: a folder of weights and a library (web-llm's ModelRecord). */
export interface MlcSource {
  readonly format: 'mlc';
  /** web-llm's `model_id`. */
  readonly id: string;
  readonly name: string;
  /** Folder of `mlc-chat-config.json`, tokenizer and weight shards. */
  readonly weightsUrl: string;
  /** The compiled library (`*.wasm`). */
  readonly libraryUrl: string;
  /** Bytes of weights to fetch; null when unknown. */
  readonly sizeBytes: number | null;
  /** WebGPU features that the library needs, `shader-f16` above all. */
  readonly requiredFeatures: readonly string[];
  /** web-llm's `overrides` of the chat configuration. */
  readonly overrides: Readonly<Record<string, number>>;
  /** All its files, proved; absent until the model store has been asked for them, which is part of the load. */
  readonly files?: readonly ModelArtifact[];
}

/** The model that is built into the browser (Prompt API). */
export interface BuiltInSource {
  readonly format: 'built-in';
  readonly id: string;
  readonly name: string;
}

/** A model on a server that speaks OpenAI's chat protocol; its addresses and keys are the engine's own. */
export interface RemoteSource {
  readonly format: 'remote';
  readonly id: string;
  readonly name: string;
  /** The name under which the server knows it. */
  readonly model: string;
}

export type ModelSource = GgufSource | StoredSource | MlcSource | BuiltInSource | RemoteSource;

export interface LoadOptions<Source extends ModelSource = ModelSource> {
  readonly model: Source;
  /** Where the arithmetic should run; what was really used is in `LoadedModel.backend`. Absent: the CPU. */
  readonly backend?: Backend;
  /** CPU threads wanted; the engine uses 1 where the page is not cross-origin isolated. */
  readonly threads: number;
  /** Tokens of context shared by all slots. */
  readonly contextTokens: number;
  /** Requests the engine may run at once. Never exceeded: see `slots-exhausted`. */
  readonly slots: number;
  /** Tokens of a prompt that the CPU takes at once; absent: as the size of the model has it (`cpuBatchTokens`). */
  readonly promptBatchTokens?: number;
  /**
   * The user has said yes to this download. Without it an engine whose model is not on the device loads nothing
   * (`consent-required`). Files that come with the page need no yes.
   */
  readonly download?: boolean;
}

/** How far a load is. Phases come in any order, and one that has nothing to do is left out. */
export interface LoadProgress {
  /** fetch: files come over the network · compile: kernels are built · upload: weights go into the memory they run in. */
  readonly phase: 'fetch' | 'compile' | 'upload';
  /** Of this phase, 0..1. */
  readonly fraction: number;
  /** Bytes of this phase that are done, where it is about bytes. */
  readonly bytes?: number;
}

/** Memory of a loaded model as its engine itself accounts for it, bytes. */
export interface EngineMemory {
  readonly weightsBytes: number;
  /** Keys and values of all slots together. */
  readonly kvBytes: number;
  /** Scratch space of the graph, and the output buffer. */
  readonly computeBytes: number;
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
  /** Absent where the engine does not tell. */
  readonly memory?: EngineMemory;
}

/**
 * What a request waits for before an engine has it. replica: all are busy · rate: it would be too much at once · memory,
 * card, processor: others have what its model needs.
 */
export type WaitsFor = 'replica' | 'rate' | 'memory' | Compute;

/** One turn of the conversation before the question. */
export interface ChatTurn {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

export interface GenerateRequest {
  readonly prompt: string;
  /** Instruction that stands before the conversation: a member's persona, for one. */
  readonly system?: string;
  /** Earlier turns, oldest first. */
  readonly history?: readonly ChatTurn[];
  /** GBNF grammar that the answer must match (llama.cpp `grammars/README.md`; web-llm and XGrammar read the same). */
  readonly grammar?: string;
  /** JSON schema that the answer must match; not together with `grammar`. */
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
  /** Nucleus sampling, 0..1; absent: the engine's default. */
  readonly topP?: number;
  /** Ask for the log-probability of each token. */
  readonly logprobs?: boolean;
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

export interface TokenLogprob {
  readonly token: string;
  /** Natural logarithm of the probability. */
  readonly logprob: number;
}

export interface Generation {
  readonly text: string;
  readonly finish: 'stop' | 'length' | 'cancelled';
  readonly promptTokens: number;
  /** Those of the prompt that were in the engine's cache and not read again; absent where the engine does not tell. */
  readonly cachedPromptTokens?: number;
  readonly completionTokens: number;
  /** From submit to the first token, tokenisation and template included; null when no token came. */
  readonly timeToFirstTokenMs: number | null;
  /** The engine's own prefill figure (prompt tokens / prefill time); null when it reports none. */
  readonly prefillTokensPerSecond: number | null;
  /** (tokens − 1) / (last − first token); null below two tokens. */
  readonly decodeTokensPerSecond: number | null;
  readonly durationMs: number;
  /** Its first engine was lost, and the answer was begun anew on the next: timings are those of the second try. */
  readonly replayed?: true;
  /** Present when they were asked for and the engine gives them. */
  readonly logprobs?: readonly TokenLogprob[];
}

/** An answer that was stopped before it began. */
export const NOTHING_SAID: Generation = {
  text: '',
  finish: 'cancelled',
  promptTokens: 0,
  completionTokens: 0,
  timeToFirstTokenMs: null,
  prefillTokensPerSecond: null,
  decodeTokensPerSecond: null,
  durationMs: 0,
};

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
   * Brings the model into memory. However large it is, there is no limit of time as long as it comes nearer.
   * @param onProgress called a few times a second, never after the promise has settled; engines that cannot tell do not
   * Errors: model-fetch-failed, model-invalid, model-load-failed, engine-unavailable, engine-incompatible,
   * feature-missing, out-of-memory, device-lost, consent-required, worker-lost, worker-silent, deadline-exceeded,
   * cancelled, remote-*.
   * @param onProgress told of every step, a few times a second at most; never after the promise has settled
   */
  load(
    signal: AbortSignal,
    options: LoadOptions,
    onProgress?: (progress: LoadProgress) => void,
  ): Promise<Outcome<LoadedModel>>;
  /**
   * Streams one answer. On abort the text so far comes back with finish 'cancelled'.
   * @param onWait told what it has to wait for before it begins, and null when it begins; engines that let nobody wait do not
   * Errors: slots-exhausted, context-exceeded, engine-failed, device-lost, out-of-memory, request-unsupported,
   * worker-lost, worker-silent, deadline-exceeded, remote-*.
   */
  generate(
    signal: AbortSignal,
    request: GenerateRequest,
    onChunk: (chunk: TokenChunk) => void,
    onWait?: (waitsFor: WaitsFor | null) => void,
  ): Promise<Outcome<Generation>>;
  setPacing(pacing: Pacing): void;
  /** Frees the memory. Safe to call twice. */
  unload(): Promise<void>;
}
