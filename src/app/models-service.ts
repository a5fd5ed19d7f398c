import * as Comlink from 'comlink';
import { ok } from '#kernel/result';
import type { MlcSource, ModelArtifact } from '#contracts/engine';
import type { Outcome } from '#contracts/errors';
import type { GgufSummary } from '#contracts/gguf';
import type { StoredModel } from '#contracts/model-store';
import type {
  MlcBringing,
  MlcListing,
  ModelActivity,
  ModelProgress,
  ModelReceipt,
  ModelRequest,
  ModelsPort,
  ModelStoreApi,
  StoreOffer,
  StoreSpace,
} from '#contracts/models';
import type { WorkerHandle } from '#contracts/worker-handle';
import type { SharedActivity } from './shared-activity.ts';

/** What the catalogue knows of the models that can be fetched. */
export interface FetchableModels {
  offers(signal: AbortSignal): Promise<Outcome<readonly StoreOffer[]>>;
  /** Errors: member-unknown, and those of the catalogue. @returns a model of MLC without its files: they are named in some of them */
  request(signal: AbortSignal, modelId: string): Promise<Outcome<ModelRequest | MlcSource>>;
}

export interface ModelsServicePorts {
  readonly startWorker: () => WorkerHandle<ModelStoreApi>;
  readonly catalogue: FetchableModels;
  readonly activity: SharedActivity;
  /** `navigator.storage`; null where the browser has none. */
  readonly storage: Pick<StorageManager, 'persist' | 'persisted'> | null;
}

/** Reading a list, or a mark: answered at once, unless the browser's storage is stuck. */
const CONTROL_DEADLINE_MS = 60_000;

/** The model store as the pages and the headless driver use it: one worker, started with the first call, and again when lost. */
export class ModelsService implements ModelsPort {
  readonly #ports: ModelsServicePorts;
  #worker: WorkerHandle<ModelStoreApi> | null = null;

  constructor(ports: ModelsServicePorts) {
    this.#ports = ports;
  }

  list(): Promise<Outcome<readonly StoredModel[]>> {
    return this.#control((api) => api.list());
  }

  async space(wantedBytes?: number): Promise<Outcome<StoreSpace>> {
    const space = await this.#control((api) => api.space(wantedBytes));
    if (!space.ok) return space;
    return ok({ ...space.value, persisted: await this.#persisted() });
  }

  offers(signal: AbortSignal): Promise<Outcome<readonly StoreOffer[]>> {
    return this.#ports.catalogue.offers(signal);
  }

  async download(modelId: string): Promise<Outcome<ModelReceipt>> {
    const request = await this.#ports.catalogue.request(new AbortController().signal, modelId);
    if (!request.ok) return request;
    const { value } = request;
    if ('weightsUrl' in value) return this.bringMlc(value, { mayFetch: true });
    return this.#kept(this.#long((api, progress) => api.download(value, progress)));
  }

  /** Errors: see `ModelStoreApi.mlcListing`. */
  mlcListing(model: MlcSource, mayFetch: boolean): Promise<Outcome<MlcListing>> {
    return this.#changing(this.#handle().call(null, (api) => api.mlcListing(model, mayFetch)));
  }

  /** Errors: see `ModelStoreApi.bringMlc`. @param onProgress as `activity`, for whoever waits for this one */
  bringMlc(
    model: MlcSource,
    how: MlcBringing,
    onProgress?: (progress: ModelProgress) => void,
  ): Promise<Outcome<ModelReceipt>> {
    return this.#kept(this.#long((api, progress) => api.bringMlc(model, how, progress), onProgress));
  }

  /** Errors: see `ModelStoreApi.readMlc`. */
  readMlc(modelId: string): Promise<Outcome<readonly ModelArtifact[]>> {
    return this.#handle().call(null, (api) => api.readMlc(modelId));
  }

  pause(modelId: string): Promise<Outcome<null>> {
    return this.#control((api) => api.pause(modelId));
  }

  verify(modelId: string): Promise<Outcome<StoredModel>> {
    return this.#long((api, progress) => api.verify(modelId, progress));
  }

  remove(modelId: string): Promise<Outcome<null>> {
    return this.#changing(this.#control((api) => api.remove(modelId)));
  }

  pin(modelId: string, pinned: boolean): Promise<Outcome<StoredModel>> {
    return this.#changing(this.#control((api) => api.pin(modelId, pinned)));
  }

  importFiles(files: readonly File[]): Promise<Outcome<StoredModel>> {
    return this.#long((api, progress) => api.importFiles(files, progress));
  }

  inspect(modelId: string): Promise<Outcome<GgufSummary>> {
    return this.#control((api) => api.inspect(modelId));
  }

  /** The files of a model for an engine. Errors: see `ModelStoreApi.read`. */
  read(modelId: string): Promise<Outcome<readonly Blob[]>> {
    // Every byte is compared: with gigabytes that takes as long as it takes, and a dead worker is found by its heartbeat.
    return this.#handle().call(null, (api) => api.read(modelId));
  }

  async persist(): Promise<boolean | null> {
    try {
      return (await this.#ports.storage?.persist()) ?? null;
    } catch {
      return null; // not a secure context
    }
  }

  activity(): readonly ModelActivity[] {
    return this.#ports.activity.all();
  }

  subscribe(listener: () => void): () => void {
    return this.#ports.activity.subscribe(listener);
  }

  /** After a download there is something to lose, and the user has just said that it is wanted. */
  async #kept(fetching: Promise<Outcome<ModelReceipt>>): Promise<Outcome<ModelReceipt>> {
    const fetched = await fetching;
    if (fetched.ok) await this.persist();
    return fetched;
  }

  async #persisted(): Promise<boolean | null> {
    try {
      return (await this.#ports.storage?.persisted()) ?? null;
    } catch {
      return null;
    }
  }

  #handle(): WorkerHandle<ModelStoreApi> {
    if (this.#worker?.alive !== true) this.#worker = this.#ports.startWorker();
    return this.#worker;
  }

  #control<T>(use: (api: ModelStoreApi) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    return this.#handle().call(CONTROL_DEADLINE_MS, use);
  }

  async #changing<T>(change: Promise<Outcome<T>>): Promise<Outcome<T>> {
    const changed = await change;
    this.#ports.activity.changed();
    return changed;
  }

  /** A call that says how far it has come; it has no deadline but the life of the worker. */
  async #long<T>(
    use: (api: ModelStoreApi, progress: MessagePort) => Promise<Outcome<T>>,
    onProgress: (progress: ModelProgress) => void = () => undefined,
  ): Promise<Outcome<T>> {
    const { port1, port2 } = new MessageChannel();
    let modelId: string | null = null;
    let ended = false;
    port1.onmessage = ({ data }: MessageEvent<ModelProgress>) => {
      if (ended) return;
      modelId = data.modelId;
      this.#ports.activity.progress(data);
      onProgress(data);
    };
    const done = await this.#handle().call(null, (api) => use(api, Comlink.transfer(port2, [port2])));
    ended = true;
    port1.close();
    if (modelId === null) this.#ports.activity.changed();
    else this.#ports.activity.ended(modelId);
    return done;
  }
}
