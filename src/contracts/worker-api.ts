import type { Outcome } from './errors.ts';
import type {
  GenerateRequest,
  Generation,
  LoadedModel,
  LoadOptions,
  ModelSource,
  Pacing,
  TokenChunk,
} from './engine.ts';
import type { RemoteConfiguration, RemoteEndpoint, RemoteHealth, RemoteKey, RemoteModel } from './remote.ts';

export interface InferenceLoadOptions extends LoadOptions {
  /** Load for `embed`: whole texts in one batch, one vector per text. */
  readonly embeddings?: boolean;
}

/** Vectors of equal length, one per text, each of length 1 (so that their dot product is their cosine). */
export interface Embeddings {
  readonly vectors: readonly Float32Array[];
  /** Tokens of all texts together. */
  readonly tokens: number;
}

/** Control plane of an inference worker (over comlink). Failures are values: nothing is thrown across the border. */
export interface InferenceWorkerApi {
  /** @param progress takes `LoadProgress` messages; the worker closes it when the load has ended */
  load(options: InferenceLoadOptions, progress?: MessagePort): Promise<Outcome<LoadedModel>>;
  /** Streams over `port` (see `StreamToPage`, `StreamToWorker`) and resolves when the answer has ended. */
  generate(request: GenerateRequest, port: MessagePort): Promise<Outcome<Generation>>;
  setPacing(pacing: Pacing): Promise<Outcome<null>>;
  unload(): Promise<Outcome<null>>;
  /**
   * One vector per text, in their order. Errors: request-unsupported (the model was not loaded with `embeddings`),
   * context-exceeded, engine-failed and those of a lost engine.
   */
  embed?(texts: readonly string[]): Promise<Outcome<Embeddings>>;
  /**
   * Resolves, with the reason, when the loaded engine is lost inside a worker that itself lives on; not before. A host
   * whose engine cannot be lost alone lacks it.
   */
  engineLost?(): Promise<Outcome<never>>;
  /**
   * Whether this device can run a model, as far as that can be told before its files are here. Loads nothing.
   * @param largestTensorBytes its largest tensor in graphics memory; null while nobody knows
   * Errors: engine-unavailable, feature-missing, request-unsupported (a source of another engine).
   */
  canRun?(model: ModelSource, largestTensorBytes: number | null): Promise<Outcome<null>>;
}

/** What the worker of a remote member does besides. One worker a member: a stop or a hang costs no other. */
export interface RemoteWorkerApi extends InferenceWorkerApi {
  /**
   * Names member, servers and keys. Keys replace those of before at once; member and servers count from the next `load`.
   * Errors: usage (a key that no header can carry).
   */
  configure(configuration: RemoteConfiguration): Promise<Outcome<null>>;
  /** The servers of the configured member as they are known here. */
  health(): Promise<Outcome<readonly RemoteHealth[]>>;
  /** Asks one server for its models; null when it is well but has no list. Errors: remote-*, usage. */
  listModels(
    endpoint: RemoteEndpoint,
    key: RemoteKey | null,
  ): Promise<Outcome<readonly RemoteModel[] | null>>;
  /** Asks one server whether it is well. Errors: remote-*, usage. */
  check(endpoint: RemoteEndpoint, key: RemoteKey | null): Promise<Outcome<RemoteHealth>>;
}

/**
 * Data plane, worker → page. `working` says that the engine has made a step that brought no text: a batch of the prompt,
 * or thoughts that are not shown.
 */
export type StreamToPage =
  { readonly type: 'chunk'; readonly chunk: TokenChunk } | { readonly type: 'working' } | PatienceMessage;

/**
 * A worker that is about to compute in its own thread for long, a grammar for one, says so before: until it takes it back
 * (null), its silence means less.
 */
export interface PatienceMessage {
  readonly type: 'patience';
  /** Milliseconds; null: the usual again. */
  readonly silenceAllowedMs: number | null;
}

/**
 * Data plane, page → worker. A chunk costs one credit; the worker stops decoding when it has none, so a page that
 * does not keep up slows the decode down instead of growing a queue.
 */
export type StreamToWorker =
  { readonly type: 'credit'; readonly credits: number } | { readonly type: 'stop' };

/** Chunks a worker may have under way before the page has taken the first. */
export const STREAM_CREDITS = 4;

/** The first message to every supervised worker: the port on which it echoes pings, and comlink's port. */
export interface WorkerHello {
  readonly type: 'witan.hello';
  readonly heartbeat: MessagePort;
  readonly control: MessagePort;
  /** Name of the Web Lock that the worker holds as long as it lives; empty where the page has no Web Locks. */
  readonly lifeLock: string;
}

/**
 * On the heartbeat port: pings (echoed with the same number), word that the life lock is held, wishes for patience, and
 * faults that the worker's own code did not catch.
 */
export type HeartbeatMessage =
  | PatienceMessage
  | { readonly type: 'lock-held' }
  | { readonly type: 'ping'; readonly count: number }
  | { readonly type: 'fault'; readonly message: string };
