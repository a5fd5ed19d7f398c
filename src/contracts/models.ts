import type { DownloadWait } from './download.ts';
import type { MlcSource, ModelArtifact } from './engine.ts';
import type { Outcome } from './errors.ts';
import type { GgufSet, GgufSummary } from './gguf.ts';
import type { ModelDemand, ModelFit } from './model-fit.ts';
import type { Evicted, FileSpec, Removal, RoomPlan, StoredModel, WantedFile } from './model-store.ts';
import type { FetchedLibrary } from './mlc-twin.ts';
import type { NoticesPort } from './notices.ts';
import type { StoreHealth } from './store-health.ts';

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

/** Under which the work on a model's library alone is known. */
export const libraryWorkOf = (modelId: string): string => `library of ${modelId}`;

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
  /** Whether it is this tab that does the work. */
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
  /** Of deleted models that somebody still reads: they come free when he has done. */
  readonly heldBytes: number;
  /**
   * Of the bytes that were asked for, so many could be reserved just now (to 16 MiB); null when nothing was asked, or nobody
   * can tell. The browser's own `estimate()` is no quota: it was wrong by a factor of 8 to 100 on small disks (Chromium 156).
   */
  readonly measured: { readonly askedBytes: number; readonly freeBytes: number } | null;
  /** Whether the browser has promised not to clear this by itself; null where it cannot be asked. */
  readonly persisted: boolean | null;
}

/**
 * Control plane of the storage worker (over comlink). Failures are values.
 * Errors of all: storage-unavailable, storage-failed, worker-lost; of those that name a model: member-unknown.
 */
export interface ModelStoreApi {
  /**
   * Gives it a thread that hashes whole files beside its own work. Without one, and when it is lost, it does so by itself.
   * @param port on which `RunningHashesApi` is served; null: who served it is gone
   */
  hashBeside(port: MessagePort | null): Promise<Outcome<null>>;
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
   * What the model's files say of it, all parts looked at. Errors also: model-invalid (a `GgufRefusal`, or reason `chunk`:
   * not all of it is here).
   */
  inspect(modelId: string): Promise<Outcome<GgufSummary>>;
  /** Deletes a model; files that others share stay, and the bytes of those that somebody reads until he has done. */
  remove(modelId: string): Promise<Outcome<Removal>>;
  /** Frees the bytes of deleted files that nobody reads any more. */
  reclaim(): Promise<Outcome<Removal>>;
  /** A pinned model is never evicted. */
  pin(modelId: string, pinned: boolean): Promise<Outcome<StoredModel>>;
  /**
   * The files of a model for an engine, each chunk compared with what was written.
   * Errors also: model-invalid with reason `chunk` and the number of bad `chunks`, which `download` repairs.
   */
  read(modelId: string): Promise<Outcome<readonly Blob[]>>;
  /**
   * What files of the user's that are to be one model say of it; nothing is written.
   * Errors: model-invalid with a `GgufRefusal`, storage-failed (a file that cannot be read), worker-lost.
   */
  examine(files: readonly File[]): Promise<Outcome<GgufSet>>;
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
  /**
   * The compiled library of a model, of whose weights nothing comes: that which is here, else fetched. It is not kept. Ended
   * by `pause` with `libraryWorkOf`.
   * @param anew fetched in any case
   * Errors also: model-fetch-failed (reason `too-long` beyond `MOST_LIBRARY_BYTES`), model-downloading, cancelled.
   */
  mlcLibrary(model: MlcSource, anew: boolean): Promise<Outcome<FetchedLibrary>>;
  /** As `read`, each file with its address. */
  readMlc(modelId: string): Promise<Outcome<readonly ModelArtifact[]>>;
  /** Takes in a file of the user's; several for a split model. Errors also: model-invalid with the reason, storage-full. */
  importFiles(files: readonly File[], progress?: MessagePort): Promise<Outcome<StoredModel>>;
  /**
   * How the files of a model that was refused for want of room would fit; nothing goes yet.
   * @param spare ids of models that stay, besides the pinned and those in use
   */
  planRoom(files: readonly WantedFile[], spare: readonly string[]): Promise<Outcome<RoomPlan>>;
  /** Carries a plan out, no further than is needed. Models that are pinned, spared or in use by now stay. */
  makeRoom(plan: RoomPlan, spare: readonly string[]): Promise<Outcome<Evicted>>;
}

/** What does not fit: a model of the catalogue, or files of the user's. */
export type RoomWish =
  { readonly modelId: string } | { readonly files: readonly { readonly size: number }[] };

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
  /** What it would take while it runs: see `ModelsPort.fit`. */
  readonly demand: ModelDemand;
}

/** Files that the system asked this app to open. */
export interface OpenedFilesPort {
  /** Files that are to be looked at together; they wait until somebody takes them. */
  put(files: readonly File[]): void;
  /**
   * @param listener told whenever something waits, at once where it does already; what is not taken goes on waiting
   * @returns stops it
   */
  listen(listener: () => void): () => void;
  /** The files of the oldest launch that waits, which is then the caller's; null when none does. */
  take(): readonly File[] | null;
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
  /**
   * In whatever tab it runs. Errors: as `list`; storage-failed with reason `busy` when the tab that fetches does not hear.
   */
  pause(modelId: string): Promise<Outcome<null>>;
  /** Errors: see `ModelStoreApi.verify`. */
  verify(modelId: string): Promise<Outcome<StoredModel>>;
  /** Errors: as `list`. */
  remove(modelId: string): Promise<Outcome<Removal>>;
  /**
   * How that which was refused for want of room would fit. Models that have a seat on the council stay.
   * Errors: as `list`, those of the catalogue and of the settings.
   */
  planRoom(wish: RoomWish): Promise<Outcome<RoomPlan>>;
  /** The user's yes to a plan: deletes what it names, as far as that is needed. Errors: as `planRoom`. */
  makeRoom(plan: RoomPlan): Promise<Outcome<Evicted>>;
  /**
   * How the store is. Errors: as `list`.
   * @param askBytes measures whether so many bytes could be reserved
   */
  health(askBytes?: number): Promise<Outcome<StoreHealth>>;
  /** Bytes a second of a model's last download, in this visit or an earlier one; null where nobody knows. */
  lastSpeed(modelId: string): number | null;
  /** Errors: as `list`, member-unknown. */
  pin(modelId: string, pinned: boolean): Promise<Outcome<StoredModel>>;
  /** Errors: see `ModelStoreApi.inspect`. */
  inspect(modelId: string): Promise<Outcome<GgufSummary>>;
  /** Errors: see `ModelStoreApi.examine`. */
  examine(files: readonly File[]): Promise<Outcome<GgufSet>>;
  /** What a model that was looked at would take while it runs here. @param fileBytes size of each of its files */
  demand(summary: GgufSummary, fileBytes: readonly number[]): ModelDemand;
  /** Whether a model that takes so much would run on this device. Errors: those of the probe. */
  fit(signal: AbortSignal, demand: ModelDemand): Promise<Outcome<ModelFit>>;
  /** Errors: see `ModelStoreApi.importFiles`. */
  importFiles(files: readonly File[]): Promise<Outcome<StoredModel>>;
  readonly opened: OpenedFilesPort;
  readonly notices: NoticesPort;
  /** Asks the browser not to clear the store by itself; null where it cannot be asked. */
  persist(): Promise<boolean | null>;
  /** What is under way just now. */
  activity(): readonly ModelActivity[];
  /** Called when models or what is under way have changed, in any tab. @returns stops it */
  subscribe(listener: () => void): () => void;
}
