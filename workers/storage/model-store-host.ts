import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import { failure, type Outcome } from '#contracts/errors';
import type { MlcSource, ModelArtifact } from '#contracts/engine';
import type { GgufSet, GgufSummary } from '#contracts/gguf';
import type { Evicted, Removal, RoomPlan, StoredFile, StoredModel, WantedFile } from '#contracts/model-store';
import type { FetchedLibrary } from '#contracts/mlc-twin';
import {
  libraryWorkOf,
  type MlcBringing,
  type MlcListing,
  type ModelReceipt,
  type ModelRequest,
  type ModelStoreApi,
  type StoreSpace,
} from '#contracts/models';
import { blobSource } from '../../src/storage/gguf/blob-source.ts';
import { inspectGguf } from '../../src/storage/gguf/inspect.ts';
import { checkSet, type GgufPart } from '../../src/storage/gguf/split-set.ts';
import { addressOf } from '../../src/storage/mlc/file-marks.ts';
import type { ModelStore } from '../../src/storage/model-store/model-store.ts';
import { attempt } from '../../src/storage/model-store/store-failure.ts';
import type { HashBeside } from './hash-beside.ts';
import { libraryOf } from './mlc-library.ts';
import { MlcWork, type MlcWorkPorts } from './mlc-work.ts';
import { downloadModel } from './model-download.ts';
import { examineFiles, importedId, importModel, type ImportLine } from './model-import.ts';
import type { OpenedStore } from './open-store.ts';
import { localProgress, ProgressLine } from './progress-line.ts';

export interface ModelStoreHostPorts extends MlcWorkPorts {
  /** @param onLost called when what was opened is gone */
  readonly open: (onLost: () => void) => Promise<Outcome<OpenedStore>>;
  readonly hashBeside: Pick<HashBeside, 'connect'>;
}

/** The name of a file of the catalogue, which says which part it is; its id where it came from the user. */
function fileNameOf({ id, urls: [url] }: StoredFile): string {
  if (url === undefined) return id;
  return new URL(url).pathname.split('/').at(-1) ?? id;
}

/** Long work that is done to a model. */
interface Running {
  readonly abort: AbortController;
  /** Resolves when it has let go of the model's files. */
  readonly ended: Promise<unknown>;
}

/** The model store behind its worker: one at a time for each model, opened with the first call. */
export class ModelStoreHost implements ModelStoreApi {
  readonly #ports: ModelStoreHostPorts;
  #opening: Promise<Outcome<OpenedStore>> | null = null;
  /** By the model that it is done to. */
  readonly #running = new Map<string, Running>();

  constructor(ports: ModelStoreHostPorts) {
    this.#ports = ports;
  }

  hashBeside(port: MessagePort | null): Promise<Outcome<null>> {
    this.#ports.hashBeside.connect(port);
    return Promise.resolve(ok(null));
  }

  list(): Promise<Outcome<readonly StoredModel[]>> {
    return this.#with(({ store }) => store.list());
  }

  space(wantedBytes?: number): Promise<Outcome<StoreSpace>> {
    return this.#with(async ({ store, kind }) => {
      const models = await store.list();
      if (!models.ok) return models;
      const files = new Map(models.value.flatMap((model) => model.files.map((file) => [file.id, file])));
      const keptBytes = [...files.values()].reduce((sum, file) => sum + file.keptBytes, 0);
      // Whoever read a deleted file may be gone without a word.
      const reclaimed = await reclaim(store);
      if (!reclaimed.ok) return reclaimed;
      const free = wantedBytes === undefined ? ok(null) : await store.freeBytes(wantedBytes);
      if (!free.ok) return free;
      const measured =
        wantedBytes === undefined || free.value === null
          ? null
          : { askedBytes: wantedBytes, freeBytes: free.value };
      const { heldBytes } = reclaimed.value;
      return ok({ backend: kind, keptBytes, heldBytes, measured, persisted: null });
    });
  }

  download(request: ModelRequest, progress?: MessagePort): Promise<Outcome<ModelReceipt>> {
    return this.#long(request.id, progress, async ({ store }, signal, { tell }) => {
      const added = await store.addModel(request);
      if (!added.ok) return added;
      // Files that it had until now, in another version: their room may be needed. What fails here is tried again later.
      await store.reclaim();
      const known = await this.#find(store, request.id);
      // Before the first byte has come: a page shows at once that it is being fetched.
      if (known.ok) tell(localProgress(request.id, 'download', known.value.keptBytes, known.value.sizeBytes));
      const transfer = await downloadModel(signal, store, request, this.#ports, tell);
      if (!transfer.ok) return transfer;
      const model = await this.#find(store, request.id);
      return model.ok ? ok({ model: model.value, ...transfer.value }) : model;
    });
  }

  async pause(modelId: string): Promise<Outcome<null>> {
    await this.#stop(modelId);
    return ok(null);
  }

  verify(modelId: string, progress?: MessagePort): Promise<Outcome<StoredModel>> {
    return this.#long(modelId, progress, (opened, signal, { tell }) =>
      this.#check(opened, modelId, signal, (doneBytes, totalBytes) => {
        tell(localProgress(modelId, 'verify', doneBytes, totalBytes));
      }),
    );
  }

  inspect(modelId: string): Promise<Outcome<GgufSummary>> {
    return this.#with(async ({ store, blobs }) => {
      const model = await this.#find(store, modelId);
      if (!model.ok) return model;
      const { name, files, format } = model.value;
      if (format !== 'gguf') return err(failure('request-unsupported', { model: name, reason: format }));
      if (files.length === 0 || files.some(({ state }) => state !== 'verified'))
        return err(failure('model-invalid', { model: name, reason: 'chunk' }));
      const parts: GgufPart[] = [];
      for (const file of files) {
        const blob = await attempt('read', () => blobs.blob(file.id));
        if (!blob.ok) return blob;
        if (blob.value === null) return err(failure('model-invalid', { model: name, reason: 'chunk' }));
        const whole = file.sizeBytes === null ? blob.value : blob.value.slice(0, file.sizeBytes);
        const inspected = await inspectGguf(new AbortController().signal, blobSource(whole));
        if (!inspected.ok) return inspected;
        parts.push({ fileName: fileNameOf(file), inspected: inspected.value });
      }
      const set = checkSet(parts);
      return set.ok ? ok(set.value.summary) : set;
    });
  }

  async remove(modelId: string): Promise<Outcome<Removal>> {
    // Else its files are held, and their bytes would stay until the store is opened again.
    await this.#stop(modelId);
    return this.#with(async ({ store }) => {
      const removed = await store.removeModel(modelId);
      return removed.ok ? withHeld(store, removed.value) : removed;
    });
  }

  reclaim(): Promise<Outcome<Removal>> {
    return this.#with(({ store }) => reclaim(store));
  }

  pin(modelId: string, pinned: boolean): Promise<Outcome<StoredModel>> {
    return this.#with(async ({ store }) => {
      const known = await this.#find(store, modelId);
      if (!known.ok) return known;
      const changed = await store.pin(modelId, pinned);
      return changed.ok ? this.#find(store, modelId) : changed;
    });
  }

  mlcListing(model: MlcSource, mayFetch: boolean): Promise<Outcome<MlcListing>> {
    return this.#mlc(model, { mayFetch }, undefined, (work) => work.listing());
  }

  bringMlc(model: MlcSource, how: MlcBringing, progress?: MessagePort): Promise<Outcome<ModelReceipt>> {
    return this.#mlc(model, how, progress, async (work, { store }) => {
      const transfer = await work.bring();
      if (!transfer.ok) return transfer;
      const found = await this.#find(store, model.id);
      return found.ok ? ok({ model: found.value, ...transfer.value }) : found;
    });
  }

  async mlcLibrary(model: MlcSource, anew: boolean): Promise<Outcome<FetchedLibrary>> {
    const work = libraryWorkOf(model.id);
    if (this.#running.has(work)) return err(failure('model-downloading', { model: model.name }));
    const abort = new AbortController();
    const task = { signal: abort.signal, model, ports: this.#ports, anew };
    const ended = (async () => {
      // Where nothing can be kept, nothing need be.
      const opened = await this.#with((store) => Promise.resolve(ok(store)));
      return libraryOf({ ...task, opened: opened.ok ? opened.value : null });
    })().finally(() => this.#running.delete(work));
    this.#running.set(work, { abort, ended: ended.catch(() => undefined) });
    return ended;
  }

  async readMlc(modelId: string): Promise<Outcome<readonly ModelArtifact[]>> {
    const read = await this.#read(modelId);
    return read.ok ? ok(read.value.map(({ file, blob }) => ({ url: addressOf(file), file: blob }))) : read;
  }

  async read(modelId: string): Promise<Outcome<readonly Blob[]>> {
    const read = await this.#read(modelId);
    return read.ok ? ok(read.value.map(({ blob }) => blob)) : read;
  }

  #read(modelId: string): Promise<Outcome<readonly { readonly file: StoredFile; readonly blob: Blob }[]>> {
    return this.#with(async (opened) => {
      const checked = await this.#check(opened, modelId, new AbortController().signal, () => undefined);
      if (!checked.ok) return checked;
      const { name, files, state } = checked.value;
      const badChunks = files.reduce((sum, file) => sum + (file.chunks ?? 0) - file.keptChunks, 0);
      if (state !== 'verified')
        return err(failure('model-invalid', { model: name, reason: 'chunk', chunks: badChunks }));
      const read: { file: StoredFile; blob: Blob }[] = [];
      for (const file of files) {
        const { id, sizeBytes } = file;
        const blob = await attempt('read', () => opened.blobs.blob(id));
        if (!blob.ok) return blob;
        if (blob.value === null) return err(failure('model-invalid', { model: name, reason: 'chunk' }));
        read.push({ file, blob: sizeBytes === null ? blob.value : blob.value.slice(0, sizeBytes) });
      }
      await opened.store.touch(modelId);
      return ok(read);
    });
  }

  async examine(files: readonly File[]): Promise<Outcome<GgufSet>> {
    const examined = await examineFiles(new AbortController().signal, files);
    return examined.ok ? ok(examined.value.set) : examined;
  }

  importFiles(files: readonly File[], progress?: MessagePort): Promise<Outcome<StoredModel>> {
    return this.#long(importedId(files), progress, async ({ store }, signal, line) => {
      const imported = await importModel(signal, store, files, line);
      return imported.ok ? this.#find(store, imported.value) : imported;
    });
  }

  planRoom(files: readonly WantedFile[], spare: readonly string[]): Promise<Outcome<RoomPlan>> {
    return this.#with(({ store }) => store.evictor.planRoom(files, spare));
  }

  makeRoom(plan: RoomPlan, spare: readonly string[]): Promise<Outcome<Evicted>> {
    return this.#with(({ store }) => store.evictor.makeRoom(plan, spare));
  }

  /** Opens the store if it is not open; after a failure, or when it was lost, the next call tries again. */
  async #with<T>(use: (opened: OpenedStore) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const opening = (this.#opening ??= this.#open(() => {
      if (this.#opening === opening) this.#opening = null;
    }));
    const opened = await opening;
    if (!opened.ok) {
      if (this.#opening === opening) this.#opening = null;
      return opened;
    }
    return use(opened.value);
  }

  /** What opening throws (the code of the hashes may not be had) is no reason never to try again. */
  async #open(onLost: () => void): Promise<Outcome<OpenedStore>> {
    const opened = await attempt('open', () => this.#ports.open(onLost));
    return opened.ok ? opened.value : opened;
  }

  /** Work on a model whose files are named in some of them; who comes after one that was stopped waits for its end. */
  async #mlc<T>(
    model: MlcSource,
    how: MlcBringing,
    progress: MessagePort | undefined,
    work: (mlc: MlcWork, opened: OpenedStore) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    const running = this.#running.get(model.id);
    if (running?.abort.signal.aborted === true) await running.ended;
    if (this.#running.has(model.id)) {
      new ProgressLine(progress).close();
      return err(failure('model-downloading', { model: model.name }));
    }
    return this.#long(model.id, progress, async (opened, signal, { tell }) => {
      // Before the first byte has come: a page shows at once that it is being fetched.
      if (progress !== undefined) tell(localProgress(model.id, 'download', 0, null));
      const task = { signal, opened, model, how, ports: this.#ports, tell };
      for (;;) {
        const done = await work(new MlcWork(task), opened);
        // Models may have their library in common: whoever fetches it just now will have it here.
        const others = [...this.#running].filter(([id]) => id !== model.id).map(([, { ended }]) => ended);
        const waits = !done.ok && done.error.details['reason'] === 'busy' && others.length > 0;
        if (!waits || (await untilAborted(Promise.race(others), signal)) === null) return done;
      }
    });
  }

  /** Ends what is being done to a model, and waits until it has ended. */
  async #stop(modelId: string): Promise<void> {
    const running = this.#running.get(modelId);
    running?.abort.abort();
    await running?.ended;
  }

  /** Long work: told of on the way, ended by `pause`, one at a time for each model. */
  async #long<T>(
    modelId: string,
    progress: MessagePort | undefined,
    work: (opened: OpenedStore, signal: AbortSignal, line: ImportLine) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    const line = new ProgressLine(progress);
    if (this.#running.has(modelId)) {
      line.close();
      return err(failure('storage-failed', { doing: 'open', reason: 'busy' }));
    }
    const abort = new AbortController();
    let goesBy = modelId;
    const become = (next: string): boolean => {
      if (next === goesBy) return true;
      if (this.#running.has(next)) return false;
      this.#running.delete(goesBy);
      this.#running.set(next, running);
      goesBy = next;
      return true;
    };
    const { tell } = line;
    const done = this.#with((opened) => work(opened, abort.signal, { tell, become })).finally(() => {
      this.#running.delete(goesBy);
      line.close();
    });
    const running: Running = { abort, ended: done.catch(() => undefined) };
    this.#running.set(goesBy, running);
    return done;
  }

  /** Compares every kept byte with what was written. @returns the model as it stands then */
  async #check(
    { store }: OpenedStore,
    modelId: string,
    signal: AbortSignal,
    onProgress: (doneBytes: number, totalBytes: number) => void,
  ): Promise<Outcome<StoredModel>> {
    const model = await this.#find(store, modelId);
    if (!model.ok) return model;
    let before = 0;
    for (const file of model.value.files) {
      if (file.sizeBytes === null) continue;
      const verified = await store.verify(signal, file.id, {
        // What no longer matched once is looked at closely from then on.
        depth: file.state === 'suspect' ? 'sha256' : 'fingerprint',
        onProgress: (done, of) => {
          onProgress(before + (file.keptBytes * done) / of, model.value.keptBytes);
        },
      });
      // All of a file's bytes are gone, or none ever came: that, too, is what was to be found out.
      if (!verified.ok && verified.error.details['reason'] !== 'chunk') return verified;
      before += file.keptBytes;
    }
    return this.#find(store, modelId);
  }

  async #find(store: OpenedStore['store'], modelId: string): Promise<Outcome<StoredModel>> {
    const models = await store.list();
    if (!models.ok) return models;
    const model = models.value.find(({ id }) => id === modelId);
    return model === undefined ? err(failure('member-unknown', { member: modelId })) : ok(model);
  }
}

async function reclaim(store: ModelStore): Promise<Outcome<Removal>> {
  const freed = await store.reclaim();
  return freed.ok ? withHeld(store, freed.value) : freed;
}

async function withHeld(
  store: ModelStore,
  freed: { readonly freedBytes: number },
): Promise<Outcome<Removal>> {
  const held = await store.deletedBytes();
  return held.ok ? ok({ ...freed, heldBytes: held.value }) : held;
}
