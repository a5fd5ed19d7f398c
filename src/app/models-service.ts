import * as Comlink from 'comlink';
import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import type { MlcSource, ModelArtifact } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import type { GgufSet, GgufSummary } from '#contracts/gguf';
import { ggufDemand, type ModelDemand, type ModelFit } from '#contracts/model-fit';
import type { Evicted, Removal, RoomPlan, StoredModel, WantedFile } from '#contracts/model-store';
import type { FetchedLibrary } from '#contracts/mlc-twin';
import {
  libraryWorkOf,
  type MlcBringing,
  type MlcListing,
  type ModelActivity,
  type ModelProgress,
  type ModelReceipt,
  type ModelRequest,
  type ModelsPort,
  type ModelStoreApi,
  type RoomWish,
  type StoreOffer,
  type StoreSpace,
} from '#contracts/models';
import type { NoticesPort } from '#contracts/notices';
import type { StoreHealth, StoreWork } from '#contracts/store-health';
import type { WorkerHandle } from '#contracts/worker-handle';
import type { StoreLog } from '../storage/store-log.ts';
import type { FitJudge } from './fit-judge.ts';
import type { HashCompanion } from './hash-companion.ts';
import type { HeldFiles, HeldModels, OpenModel } from './held-models.ts';
import type { OpenedFiles } from './opened-files.ts';
import type { SharedActivity } from './shared-activity.ts';
import { storeHealth } from './store-health.ts';
import type { TransferAttendant } from './transfer-attendant.ts';

/** What the catalogue knows of the models that can be fetched. */
export interface FetchableModels {
  offers(signal: AbortSignal): Promise<Outcome<readonly StoreOffer[]>>;
  /** Errors: member-unknown, and those of the catalogue. @returns a model of MLC without its files: they are named in some of them */
  request(signal: AbortSignal, modelId: string): Promise<Outcome<ModelRequest | MlcSource>>;
}

export interface ModelsServicePorts {
  readonly clock: Clock;
  readonly startWorker: () => WorkerHandle<ModelStoreApi>;
  readonly catalogue: FetchableModels;
  readonly activity: SharedActivity;
  readonly log: StoreLog;
  readonly held: HeldModels;
  readonly hashing: Pick<HashCompanion, 'during'>;
  /** Ids of what was chosen for the council. Errors: record-invalid, storage-failed. */
  readonly seated: () => Promise<Outcome<readonly string[]>>;
  readonly judge: Pick<FitJudge, 'fit'>;
  readonly opened: OpenedFiles;
  readonly notices: NoticesPort;
  readonly attendant: Pick<TransferAttendant, 'changed' | 'downloadEnded'>;
  /** A model's files went, or came anew: what it has said is forgotten. */
  readonly onReplaced: (modelId: string) => void;
  /** `navigator.storage`; null where the browser has none. */
  readonly storage: Pick<StorageManager, 'persist' | 'persisted' | 'estimate'> | null;
}

/** Reading a list, or a mark: answered at once, unless the browser's storage is stuck. */
const CONTROL_DEADLINE_MS = 60_000;

/** The model store as the pages and the headless driver use it: one worker, started with the first call, and again when lost. */
export class ModelsService implements ModelsPort {
  readonly #ports: ModelsServicePorts;
  #worker: WorkerHandle<ModelStoreApi> | null = null;

  constructor(ports: ModelsServicePorts) {
    this.#ports = ports;
    ports.activity.onPauseAsked = (modelId) => void this.#pauseHere(modelId);
    ports.activity.subscribe(() => {
      ports.attendant.changed(this.activity());
    });
  }

  get opened(): OpenedFiles {
    return this.#ports.opened;
  }

  get notices(): NoticesPort {
    return this.#ports.notices;
  }

  list(): Promise<Outcome<readonly StoredModel[]>> {
    return this.#control('list', null, (api) => api.list());
  }

  async space(wantedBytes?: number): Promise<Outcome<StoreSpace>> {
    const space = await this.#control('list', null, (api) => api.space(wantedBytes));
    if (!space.ok) return space;
    return ok({ ...space.value, persisted: await this.#ask((storage) => storage.persisted()) });
  }

  async health(askBytes?: number): Promise<Outcome<StoreHealth>> {
    const { clock, log, seated } = this.#ports;
    const [models, space, seats, estimate] = await Promise.all([
      this.list(),
      this.space(askBytes),
      seated(),
      this.#ask((storage) => storage.estimate()),
    ]);
    if (!models.ok) return models;
    if (!space.ok) return space;
    return ok(
      storeHealth({
        takenAtMs: clock.epochMs(),
        models: models.value,
        seated: new Set(seats.ok ? seats.value : []),
        space: space.value,
        estimate,
        lastAsked: log.persistence,
        troubles: log.troubles,
      }),
    );
  }

  lastSpeed(modelId: string): number | null {
    return this.#ports.log.speed(modelId);
  }

  offers(signal: AbortSignal): Promise<Outcome<readonly StoreOffer[]>> {
    return this.#ports.catalogue.offers(signal);
  }

  async download(modelId: string): Promise<Outcome<ModelReceipt>> {
    const request = await this.#request(modelId);
    if (!request.ok) return request;
    const { value } = request;
    if ('weightsUrl' in value) return this.bringMlc(value, { mayFetch: true });
    return this.#fetched(
      value,
      this.#bring((api, progress) => api.download(value, progress)),
    );
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
    return this.#fetched(
      model,
      this.#bring((api, progress) => api.bringMlc(model, how, progress), onProgress),
    );
  }

  /** Errors: see `ModelStoreApi.mlcLibrary`. An abort is answered at once. */
  async mlcLibrary(signal: AbortSignal, model: MlcSource, anew: boolean): Promise<Outcome<FetchedLibrary>> {
    const cancelled = err(failure('cancelled', { model: model.name }));
    if (signal.aborted) return cancelled;
    const stop = (): void => void this.#pauseHere(libraryWorkOf(model.id));
    signal.addEventListener('abort', stop, { once: true });
    const fetching = this.#handle().call(null, (api) => api.mlcLibrary(model, anew));
    const fetched = await untilAborted(fetching, signal);
    signal.removeEventListener('abort', stop);
    return fetched ?? cancelled;
  }

  async pause(modelId: string): Promise<Outcome<null>> {
    const { activity } = this.#ports;
    if (!activity.isElsewhere(modelId)) return this.#pauseHere(modelId);
    const paused = await activity.askToPause(modelId);
    return paused ? ok(null) : err(failure('storage-failed', { doing: 'pause', reason: 'busy' }));
  }

  async verify(modelId: string): Promise<Outcome<StoredModel>> {
    const verified = await this.#long((api, progress) => api.verify(modelId, progress));
    // Parts that do not match any more are trouble, though to find them went well.
    const rotten = verified.ok && verified.value.state === 'suspect';
    this.#note('verify', modelId, rotten ? badChunks(modelId) : verified);
    return verified;
  }

  async remove(modelId: string): Promise<Outcome<Removal>> {
    const removed = await this.#changing(this.#control('change', modelId, (api) => api.remove(modelId)));
    if (removed.ok) this.#ports.onReplaced(modelId);
    return removed;
  }

  pin(modelId: string, pinned: boolean): Promise<Outcome<StoredModel>> {
    return this.#changing(this.#control('list', null, (api) => api.pin(modelId, pinned)));
  }

  async importFiles(files: readonly File[]): Promise<Outcome<StoredModel>> {
    const taken = await this.#bring((api, progress) => api.importFiles(files, progress));
    // A file that is no model is no fault of the store. What it will be called there is not known before it is there.
    if (taken.ok) this.#ports.onReplaced(taken.value.id);
    if (taken.ok || taken.error.code !== 'model-invalid') this.#note('import', files[0]?.name ?? null, taken);
    return taken;
  }

  examine(files: readonly File[]): Promise<Outcome<GgufSet>> {
    // A header is soon read, unless the file lies on a slow drive: that is no reason to end the worker.
    return this.#handle().call(null, (api) => api.examine(files));
  }

  demand(summary: GgufSummary, fileBytes: readonly number[]): ModelDemand {
    return ggufDemand(summary, fileBytes);
  }

  fit(signal: AbortSignal, demand: ModelDemand): Promise<Outcome<ModelFit>> {
    return this.#ports.judge.fit(signal, demand);
  }

  inspect(modelId: string): Promise<Outcome<GgufSummary>> {
    return this.#handle().call(CONTROL_DEADLINE_MS, (api) => api.inspect(modelId));
  }

  async planRoom(wish: RoomWish): Promise<Outcome<RoomPlan>> {
    const files = 'files' in wish ? ok(wish.files.map(ofUser)) : await this.#filesOf(wish.modelId);
    if (!files.ok) return files;
    const spare = await this.#spared();
    if (!spare.ok) return spare;
    const mine = 'modelId' in wish ? [wish.modelId] : [];
    return this.#control('room', null, (api) => api.planRoom(files.value, [...spare.value, ...mine]));
  }

  async makeRoom(plan: RoomPlan): Promise<Outcome<Evicted>> {
    const spare = await this.#spared();
    if (!spare.ok) return spare;
    const made = await this.#changing(this.#control('room', null, (api) => api.makeRoom(plan, spare.value)));
    if (made.ok) for (const modelId of made.value.models) this.#ports.onReplaced(modelId);
    return made;
  }

  /** The files of a model for an engine, which stay until they are given back. Errors: see `HeldModels.open`. */
  readonly open: OpenModel = (modelId) => this.#hold(modelId, (api) => api.read(modelId));

  /** As `open`, for a model of MLC: each file with its address. */
  readonly openMlc: OpenModel<ModelArtifact> = (modelId) =>
    this.#hold(modelId, (api) => api.readMlc(modelId));

  async persist(): Promise<boolean | null> {
    const answer = await this.#ask((storage) => storage.persist());
    this.#ports.log.asked(answer);
    return answer;
  }

  activity(): readonly ModelActivity[] {
    return this.#ports.activity.all();
  }

  subscribe(listener: () => void): () => void {
    return this.#ports.activity.subscribe(listener);
  }

  async #hold<File>(
    modelId: string,
    read: (api: ModelStoreApi) => Promise<Outcome<readonly File[]>>,
  ): Promise<Outcome<HeldFiles<File>>> {
    const opened = await this.#ports.held.open(modelId, {
      list: () => this.list(),
      // Every byte is compared: with gigabytes that takes as long as it takes, and a dead worker is found by its heartbeat.
      read: () => this.#handle().call(null, read),
      released: () => this.#reclaim(),
    });
    this.#note('read', modelId, opened);
    return opened;
  }

  #pauseHere(modelId: string): Promise<Outcome<null>> {
    return this.#control('list', null, (api) => api.pause(modelId));
  }

  async #fetched(
    { id, name }: { readonly id: string; readonly name: string },
    fetching: Promise<Outcome<ModelReceipt>>,
  ): Promise<Outcome<ModelReceipt>> {
    const fetched = await fetching;
    // Nothing was tried: the user has not said yes.
    if (!fetched.ok && fetched.error.code === 'consent-required') return fetched;
    this.#note('download', id, fetched);
    // Now there is something to lose, and the user has just said that it is wanted.
    if (fetched.ok) await this.persist();
    if (fetched.ok && fetched.value.transferredBytes > 0) this.#ports.onReplaced(id);
    this.#ports.attendant.downloadEnded(name, fetched);
    return fetched;
  }

  /** Null where the browser does not say: not a secure context, or it refuses. */
  async #ask<T>(
    question: (storage: NonNullable<ModelsServicePorts['storage']>) => Promise<T>,
  ): Promise<T | null> {
    const { storage } = this.#ports;
    try {
      return storage === null ? null : await question(storage);
    } catch {
      return null;
    }
  }

  #request(modelId: string): Promise<Outcome<ModelRequest | MlcSource>> {
    return this.#ports.catalogue.request(new AbortController().signal, modelId);
  }

  async #filesOf(modelId: string): Promise<Outcome<readonly WantedFile[]>> {
    const request = await this.#request(modelId);
    if (!request.ok) return request;
    if ('weightsUrl' in request.value) {
      const listing = await this.mlcListing(request.value, false);
      return listing.ok
        ? ok([ofUser({ size: listing.value.totalBytes - listing.value.keptBytes })])
        : listing;
    }
    return ok(request.value.files.map(({ id, sizeBytes }) => ({ id, sizeBytes: sizeBytes ?? 0 })));
  }

  /** Models that never go to make room, whatever they are pinned or not. Errors: as `seated`: then nobody knows. */
  #spared(): Promise<Outcome<readonly string[]>> {
    return this.#ports.seated();
  }

  /** Somebody has let go of a model's files: if they were deleted meanwhile, their bytes come free now. */
  async #reclaim(): Promise<void> {
    if (this.#worker?.alive !== true) return;
    const freed = await this.#control('list', null, (api) => api.reclaim());
    if (freed.ok && freed.value.freedBytes > 0) this.#ports.activity.changed();
  }

  #handle(): WorkerHandle<ModelStoreApi> {
    if (this.#worker?.alive !== true) this.#worker = this.#ports.startWorker();
    return this.#worker;
  }

  async #control<T>(
    doing: StoreWork,
    modelId: string | null,
    use: (api: ModelStoreApi) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    const done = await this.#handle().call(CONTROL_DEADLINE_MS, use);
    this.#note(doing, modelId, done);
    return done;
  }

  #note(doing: StoreWork, modelId: string | null, done: Outcome<unknown>): void {
    if (done.ok) this.#ports.log.succeeded(doing, modelId);
    else this.#ports.log.failed(doing, modelId, done.error);
  }

  async #changing<T>(change: Promise<Outcome<T>>): Promise<Outcome<T>> {
    const changed = await change;
    this.#ports.activity.changed();
    return changed;
  }

  /** As `#long`, for what puts files into the store. */
  #bring<T>(
    use: (api: ModelStoreApi, progress: MessagePort) => Promise<Outcome<T>>,
    onProgress?: (progress: ModelProgress) => void,
  ): Promise<Outcome<T>> {
    return this.#ports.hashing.during(this.#handle(), () => this.#long(use, onProgress));
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
      // An import learns only on the way which model it becomes.
      if (modelId !== null && modelId !== data.modelId) this.#ports.activity.ended(modelId);
      modelId = data.modelId;
      if (data.bytesPerSecond !== null) this.#ports.log.downloading(modelId, data.bytesPerSecond);
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

const ofUser = ({ size }: { readonly size: number }): WantedFile => ({ id: null, sizeBytes: size });

const badChunks = (model: string): Outcome<never> =>
  err(failure('model-invalid', { model, reason: 'chunk' }));
