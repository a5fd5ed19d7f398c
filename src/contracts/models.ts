import type { DownloadWait } from './download.ts';
import type { MlcSource, ModelArtifact } from './engine.ts';
import type { Outcome } from './errors.ts';
import type { GgufSummary } from './gguf.ts';
import type { EvictionPlan, FileSpec, StoredModel } from './model-store.ts';

/** A model that is to be in the store: what it is called and which files it has. */
export interface ModelRequest {
  readonly id: string;
  readonly name: string;
  readonly format: StoredModel['format'];
  readonly origin: Exclude<StoredModel['origin'], 'import'>;
  readonly files: readonly FileSpec[];
}

/** What is known of a model of MLC before all of it is here. */
export interface MlcListing {
  /** Whether every file is here and proved. */
  readonly complete: boolean;
  /** Of weights, the other files being small beside them. */
  readonly keptBytes: number;
  /** All weights, as files, bytes. */
  readonly totalBytes: number;
  /** The largest tensor in graphics memory, bytes. */
  readonly largestTensorBytes: number;
}

export interface MlcBringing {
  /** The user's yes. Without it only what earlier visits left in web-llm's own caches is taken over. */
  readonly mayFetch: boolean;
  /**
   * What is to be fetched anew although it is here, since it turned out to be of no use: the compiled library, or all but
   * the weights. What was kept of it stays until the new is proved, but counts as missing from now on.
   */
  readonly anew?: 'library' | 'small';
}

/** What is being done to a model's files, how far it has come and how long it may take. */
export interface ModelProgress {
  readonly modelId: string;
  readonly phase: 'download' | 'verify' | 'import';
  /** Bytes that are on this device and proved (or, while it verifies, read again). */
  readonly doneBytes: number;
  /** Null while nobody has said how large the files are. */
  readonly totalBytes: number | null;
  /** Received since this download began, what was thrown away included. */
  readonly transferredBytes: number;
  /** Over the last seconds; null while too little has come. */
  readonly bytesPerSecond: number | null;
  readonly secondsLeft: number | null;
  /** Host that it comes from now; null before the first answer, and when it is no download. */
  readonly host: string | null;
  /** Why nothing comes just now; null while something does. */
  readonly waiting: DownloadWait | null;
}

/** Work on a model, in this tab or another. */
export interface ModelActivity extends ModelProgress {
  /** Only the tab that does the work can pause it. */
  readonly here: boolean;
}

/** What a model cost to bring here, beside what it is. */
export interface ModelReceipt {
  readonly model: StoredModel;
  readonly transferredBytes: number;
  /** First byte that was asked for: 0 for a fresh download, more for one that was resumed. */
  readonly resumedAtBytes: number;
  /** Chunks that did not match and were fetched again. */
  readonly repairedChunks: number;
}

/** How much room there is, as far as anybody can honestly know. */
export interface StoreSpace {
  readonly backend: 'opfs' | 'indexeddb';
  /** Of the models' chunks, by our own account. */
  readonly keptBytes: number;
  /**
   * Whether so many more bytes could be reserved just now; null when nothing was asked. The browser's own `estimate()` is no
   * quota: it was wrong by a factor of 8 to 100 on small disks (Chromium 156).
   */
  readonly fits: { readonly bytes: number; readonly yes: boolean } | null;
  /** Whether the browser has promised not to clear this by itself; null where it cannot be asked. */
  readonly persisted: boolean | null;
}

/**
 * Control plane of the storage worker (over comlink). Failures are values.
 * Errors of all: storage-unavailable, storage-failed, worker-lost; of those that name a model: member-unknown.
 */
export interface ModelStoreApi {
  list(): Promise<Outcome<readonly StoredModel[]>>;
  space(wantedBytes?: number): Promise<Outcome<StoreSpace>>;
  /**
   * Brings here what is not here: a fresh download, the rest of one that was broken off, or chunks that went bad.
   * Errors also: model-fetch-failed, model-invalid, storage-full, cancelled (by `pause`); what has come is kept.
   * @param progress takes `ModelProgress` messages; the worker closes it at the end
   */
  download(model: ModelRequest, progress?: MessagePort): Promise<Outcome<ModelReceipt>>;
  /** Ends a running download of the model; what has come is kept. */
  pause(modelId: string): Promise<Outcome<null>>;
  /** Reads every byte again and compares it with what was written. A chunk that no longer matches makes the model suspect. */
  verify(modelId: string, progress?: MessagePort): Promise<Outcome<StoredModel>>;
  /**
   * What the model's first file says of itself. Errors also: model-invalid (a `GgufRefusal`, or reason `chunk`: not all of it
   * is here).
   */
  inspect(modelId: string): Promise<Outcome<GgufSummary>>;
  /** Deletes a model; files that others share stay. */
  remove(modelId: string): Promise<Outcome<null>>;
  /** A pinned model is never evicted. */
  pin(modelId: string, pinned: boolean): Promise<Outcome<StoredModel>>;
  /**
   * The files of a model for an engine, each chunk compared with what was written.
   * Errors also: model-invalid with reason `chunk` and the number of bad `chunks`, which `download` repairs.
   */
  read(modelId: string): Promise<Outcome<readonly Blob[]>>;
  /**
   * What a model of MLC consists of, from its own lists. Fetches these where they are not here, with `mayFetch` only.
   * Errors also: consent-required (they are not here), model-fetch-failed, model-invalid, storage-full, model-downloading.
   */
  mlcListing(model: MlcSource, mayFetch: boolean): Promise<Outcome<MlcListing>>;
  /**
   * As `download`, for a model whose files are named in some of them. What earlier visits left in web-llm's own caches is
   * taken over, and fetched no second time.
   * Errors also: consent-required with `totalBytes` and `keptBytes`, model-downloading (somebody else is at it).
   */
  bringMlc(model: MlcSource, how: MlcBringing, progress?: MessagePort): Promise<Outcome<ModelReceipt>>;
  /** As `read`, each file with its address. */
  readMlc(modelId: string): Promise<Outcome<readonly ModelArtifact[]>>;
  /** Takes in a file of the user's; several for a split model. Errors also: model-invalid with the reason, storage-full. */
  importFiles(files: readonly File[], progress?: MessagePort): Promise<Outcome<StoredModel>>;
  /** Who would go to make room for so many bytes. */
  planEviction(neededBytes: number): Promise<Outcome<EvictionPlan>>;
  evict(plan: EvictionPlan): Promise<Outcome<null>>;
}

/** A model of the catalogue as it is offered for a download. */
export interface StoreOffer {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** Null where the catalogue does not say. */
  readonly parameters: number | null;
  readonly quantization: string;
  readonly contextTokens: number | null;
  readonly licence: string | null;
  /** Hosts that have it. */
  readonly hosts: readonly string[];
}

/** The models on this device and those that could be. Its code, and the store, are opened with the first call. */
export interface ModelsPort {
  /** Most recently used first. Errors: storage-unavailable, storage-failed, worker-lost. */
  list(): Promise<Outcome<readonly StoredModel[]>>;
  /** Errors: as `list`. */
  space(wantedBytes?: number): Promise<Outcome<StoreSpace>>;
  /** What of the catalogue could be fetched. Errors: those of the catalogue. */
  offers(signal: AbortSignal): Promise<Outcome<readonly StoreOffer[]>>;
  /**
   * Fetches a model of the catalogue, goes on with one that was broken off, or repairs one. The call is the user's yes to
   * the download. Errors: see `ModelStoreApi.download`.
   */
  download(modelId: string): Promise<Outcome<ModelReceipt>>;
  /** Errors: as `list`, member-unknown. */
  pause(modelId: string): Promise<Outcome<null>>;
  /** Errors: see `ModelStoreApi.verify`. */
  verify(modelId: string): Promise<Outcome<StoredModel>>;
  /** Errors: as `pause`. */
  remove(modelId: string): Promise<Outcome<null>>;
  /** Errors: as `pause`. */
  pin(modelId: string, pinned: boolean): Promise<Outcome<StoredModel>>;
  /** Errors: see `ModelStoreApi.inspect`. */
  inspect(modelId: string): Promise<Outcome<GgufSummary>>;
  /** Errors: see `ModelStoreApi.importFiles`. */
  importFiles(files: readonly File[]): Promise<Outcome<StoredModel>>;
  /** Asks the browser not to clear the store by itself; null where it cannot be asked. */
  persist(): Promise<boolean | null>;
  /** What is under way just now. */
  activity(): readonly ModelActivity[];
  /** Called when models or what is under way have changed, in any tab. @returns stops it */
  subscribe(listener: () => void): () => void;
}
