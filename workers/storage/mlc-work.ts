import { err, ok } from '#kernel/result';
import type { FetchReason } from '#contracts/download';
import type { MlcSource } from '#contracts/engine';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import type { FileSpec, StoredFile } from '#contracts/model-store';
import type { MlcBringing, MlcListing, ModelProgress } from '#contracts/models';
import { addressOf, isShard, versionOf } from '../../src/storage/mlc/file-marks.ts';
import { mlcFileSet, type MlcFileSet } from '../../src/storage/mlc/mlc-file-set.ts';
import { attempt, flatten } from '../../src/storage/model-store/store-failure.ts';
import type { EarlierFiles } from './earlier-files.ts';
import { md5Of } from './md5.ts';
import { knownSpec, shardFile, smallFile, type MlcFile } from './mlc-files.ts';
import { MlcProgress } from './mlc-progress.ts';
import { downloadModel, type DownloadWorkPorts, type Transfer } from './model-download.ts';
import { copyInto } from './model-import.ts';
import type { OpenedStore } from './open-store.ts';
import { localProgress } from './progress-line.ts';
import { fetchWhole } from './whole-file.ts';

/** The largest list of the catalogue has less than 1 MB; a page of text that pretends to be one may have any length. */
const MOST_LIST_BYTES = 16 * 2 ** 20;
/** A shard whose sum is wrong is fetched once more: the bytes may have been damaged on the way. */
const TRIES = 2;

export interface MlcWorkPorts extends DownloadWorkPorts {
  readonly earlier: EarlierFiles;
}

export interface MlcTask {
  readonly signal: AbortSignal;
  readonly opened: OpenedStore;
  readonly model: MlcSource;
  readonly how: MlcBringing;
  readonly ports: MlcWorkPorts;
  readonly tell: (progress: ModelProgress) => void;
}

interface Listed {
  readonly set: MlcFileSet;
  readonly files: readonly MlcFile[];
  readonly shards: readonly MlcFile[];
}

type Tell = (progress: ModelProgress) => void;

/** One go at the files of a model of MLC: it finds out which they are, and brings them here. */
export class MlcWork {
  readonly #task: MlcTask;
  /** Files that the model had when this began. */
  #known: readonly StoredFile[] = [];
  /** Files that it is to have, as far as that is known yet. */
  readonly #wanted = new Map<string, FileSpec>();
  readonly #lists = new Set<string>();
  #transferredBytes = 0;
  #repairedChunks = 0;

  constructor(task: MlcTask) {
    this.#task = task;
  }

  /** Errors: see `ModelStoreApi.mlcListing`. */
  async listing(): Promise<Outcome<MlcListing>> {
    const listed = await this.#listed();
    return listed.ok ? this.#standing(listed.value) : listed;
  }

  /** Errors: see `ModelStoreApi.bringMlc`. */
  async bring(): Promise<Outcome<Transfer>> {
    const listed = await this.#listed();
    if (!listed.ok) return this.#disowned(listed);
    const { files } = listed.value;
    const progress = new MlcProgress();
    const missing: MlcFile[] = [];
    let resumedAtBytes = 0;
    for (const file of files) {
      const stored = await this.#file(file);
      if (!stored.ok) return stored;
      progress.stands(file, stored.value);
      resumedAtBytes += stored.value?.keptBytes ?? 0;
      if (stored.value?.state !== 'verified') missing.push(file);
    }
    if (!(await this.#mayBring(missing))) return this.#disowned(await this.#refused(listed.value));
    for (const { spec } of files) this.#wanted.set(spec.id, spec);
    const added = await this.#keepModel('with what it had');
    if (!added.ok) return added;
    for (const file of missing) {
      const brought = await this.#bringProved(file, (told) => {
        this.#task.tell(progress.of(file, told));
      });
      if (!brought.ok) return brought;
      const stored = await this.#file(file);
      if (!stored.ok) return stored;
      progress.stands(file, stored.value);
    }
    // Only now do older versions go: until here they were better than nothing.
    const exact = await this.#keepModel('as it is now');
    if (!exact.ok) return exact;
    await this.#task.opened.store.reclaim();
    const [transferredBytes, repairedChunks] = [this.#transferredBytes, this.#repairedChunks];
    return ok({ transferredBytes, resumedAtBytes, repairedChunks });
  }

  async #listed(): Promise<Outcome<Listed>> {
    const { opened, model } = this.#task;
    const models = await opened.store.list();
    if (!models.ok) return models;
    this.#known = models.value.find(({ id }) => id === model.id)?.files ?? [];
    const set = await mlcFileSet(model, (url) => this.#json(url));
    if (!set.ok) {
      // What cannot be used is not kept, or every later try would find it again.
      if (set.error.code === 'model-invalid') await this.#dropLists();
      return set;
    }
    const small = await Promise.all(set.value.small.map((url) => this.#small(url)));
    const shards = await Promise.all(set.value.shards.map(shardFile));
    const files = [...new Map([...small, ...shards].map((file) => [file.spec.id, file])).values()];
    if (this.#known.length > 0 || this.#wanted.size > 0 || this.#task.how.mayFetch) {
      for (const { spec } of files) this.#wanted.set(spec.id, spec);
      // At once with all of them: a model of which only the lists were known would look whole as soon as these are here.
      const added = await this.#keepModel('with what it had');
      if (!added.ok) return added;
    }
    return ok({ set: set.value, files, shards });
  }

  /** What is to come anew does not count as here any more, also where it may not be fetched yet. */
  async #disowned(refused: Outcome<never>): Promise<Outcome<never>> {
    const { how, model } = this.#task;
    if (how.mayFetch || how.anew === undefined) return refused;
    for (const file of this.#known) {
      const url = addressOf(file);
      if (isShard(file) || (how.anew === 'library' && url !== model.libraryUrl)) continue;
      const { spec } = await smallFile(this.#known, url, true);
      this.#wanted.set(spec.id, spec);
    }
    const kept = this.#wanted.size === 0 ? ok(null) : await this.#keepModel('with what it had');
    return kept.ok ? refused : kept;
  }

  #small(url: string): Promise<MlcFile> {
    const { how, model } = this.#task;
    const anew = how.anew === 'small' || (how.anew === 'library' && url === model.libraryUrl);
    return smallFile(this.#known, url, anew);
  }

  /** A list, parsed; brought here before. */
  async #json(url: string): Promise<Outcome<unknown>> {
    const { signal, model, opened } = this.#task;
    const file = await this.#small(url);
    this.#lists.add(file.spec.id);
    await this.#lookAt(file);
    const tooLong = new AbortController();
    const ended = AbortSignal.any([signal, tooLong.signal]);
    const here = await this.#bring(ended, file, ({ totalBytes, doneBytes }) => {
      if (Math.max(totalBytes ?? 0, doneBytes) > MOST_LIST_BYTES) tooLong.abort();
    });
    const invalid = (reason: string): Outcome<never> =>
      err(failure('model-invalid', { model: model.name, reason, file: url }));
    if (tooLong.signal.aborted) return invalid('list-too-long');
    if (!here.ok) return here;
    const blob = await attempt('read', () => opened.blobs.blob(file.spec.id));
    if (!blob.ok) return blob;
    if (blob.value === null) return invalid('chunk');
    if (blob.value.size > MOST_LIST_BYTES) return invalid('list-too-long');
    const { value } = blob;
    const text = await attempt('read', () => value.text());
    if (!text.ok) return text;
    try {
      return ok(JSON.parse(text.value) as unknown);
    } catch {
      return invalid('json');
    }
  }

  /** Rot in a list is not mistaken for a list that is wrong. What goes amiss here is found again by who brings it. */
  async #lookAt(file: MlcFile): Promise<void> {
    const stored = await this.#file(file);
    if (!stored.ok || stored.value?.state !== 'verified') return;
    await this.#task.opened.store.verify(this.#task.signal, file.spec.id);
  }

  /** Without the user's yes all of it must be here, if only in the caches of before. */
  async #mayBring(missing: readonly MlcFile[]): Promise<boolean> {
    if (this.#task.how.mayFetch) return true;
    for (const { url } of missing) if ((await this.#task.ports.earlier.find(url)) === null) return false;
    return true;
  }

  async #refused(listed: Listed): Promise<Outcome<never>> {
    const standing = await this.#standing(listed);
    if (!standing.ok) return standing;
    const { totalBytes, keptBytes } = standing.value;
    return err(failure('consent-required', { model: this.#task.model.name, totalBytes, keptBytes }));
  }

  async #standing({ set, files, shards }: Listed): Promise<Outcome<MlcListing>> {
    const has = new Set(this.#known.map(({ id }) => id));
    const weights = new Set(shards.map(({ spec }) => spec.id));
    let complete = true;
    let keptBytes = 0;
    for (const file of files) {
      const stored = await this.#file(file);
      if (!stored.ok) return stored;
      complete &&= has.has(file.spec.id) && stored.value?.state === 'verified';
      if (weights.has(file.spec.id)) keptBytes += stored.value?.keptBytes ?? 0;
    }
    const { weightBytes: totalBytes, largestTensorBytes } = set;
    return ok({ complete, keptBytes, totalBytes, largestTensorBytes });
  }

  /** Brings a file and compares it with its sum, where it has one. */
  async #bringProved(file: MlcFile, tell: Tell): Promise<Outcome<null>> {
    for (let tried = 1; ; tried += 1) {
      const here = await this.#bring(this.#task.signal, file, tell);
      if (!here.ok) return here;
      const right = await this.#isRight(file);
      if (!right.ok || right.value) return right.ok ? ok(null) : right;
      const thrown = await this.#throwAway(file);
      if (!thrown.ok) return thrown;
      if (tried < TRIES) continue;
      // Twice the same: it is the list that is older, or newer, than the shard.
      await this.#dropLists();
      return err(this.#invalid('md5', file));
    }
  }

  /** Brings a file that is not here: from the caches of before, else from its address, with the user's yes. */
  async #bring(signal: AbortSignal, file: MlcFile, tell: Tell): Promise<Outcome<null>> {
    const { how, model, opened, ports } = this.#task;
    const stored = await this.#file(file);
    if (!stored.ok) return stored;
    if (stored.value?.state === 'verified') return ok(null);
    const earlier = versionOf(file.spec) > 0 ? null : await ports.earlier.find(file.url);
    const refused = err(failure('consent-required', { model: model.name }));
    if (earlier === null && !how.mayFetch) return refused;
    this.#wanted.set(file.spec.id, file.spec);
    const added = await this.#keepModel('with what it had');
    if (!added.ok) return added;
    if (earlier !== null) {
      const taken = await this.#takeOver(file, earlier);
      if (!taken.ok || taken.value) return taken.ok ? ok(null) : taken;
      if (!how.mayFetch) return refused;
    }
    const { id, name } = model;
    const request = { id, name, format: 'mlc', origin: 'catalogue', files: [file.spec] } as const;
    const transfer = await downloadModel(signal, opened.store, request, ports, tell);
    if (!transfer.ok) {
      const isUnknown = transfer.error.details['reason'] === ('size-unknown' satisfies FetchReason);
      return isUnknown && file.spec.sizeBytes === null ? this.#bringWhole(signal, file, tell) : transfer;
    }
    this.#transferredBytes += transfer.value.transferredBytes;
    this.#repairedChunks += transfer.value.repairedChunks;
    return ok(null);
  }

  /** A small file whose host does not say how long it is. */
  async #bringWhole(signal: AbortSignal, { spec, url }: MlcFile, tell: Tell): Promise<Outcome<null>> {
    const { model, ports, opened } = this.#task;
    const about = { model: model.name, file: url };
    const whole = await fetchWhole(signal, url, ports, about, (bytes) => {
      tell({ ...localProgress(model.id, 'download', bytes, null), transferredBytes: bytes });
    });
    if (!whole.ok) return whole;
    this.#transferredBytes += whole.value.size;
    const copied = await attempt('write', () =>
      copyInto(signal, opened.store, spec, whole.value, () => undefined),
    );
    return signal.aborted ? err(failure('cancelled', { model: model.name })) : flatten(copied);
  }

  /** @returns whether it was of use; what was not is gone from the caches too */
  async #takeOver(file: MlcFile, earlier: Blob): Promise<Outcome<boolean>> {
    const { signal, opened, ports, model } = this.#task;
    const copied = flatten(
      await attempt('import', () => copyInto(signal, opened.store, file.spec, earlier, () => undefined)),
    );
    if (signal.aborted) return err(failure('cancelled', { model: model.name }));
    if (!copied.ok && copied.error.code !== 'model-invalid') return copied;
    await ports.earlier.forget(file.url);
    return ok(copied.ok);
  }

  async #isRight({ spec, md5 }: MlcFile): Promise<Outcome<boolean>> {
    const { signal, opened, model } = this.#task;
    if (md5 === null) return ok(true);
    const blob = await attempt('read', () => opened.blobs.blob(spec.id));
    if (!blob.ok) return blob;
    const bytes = blob.value?.slice(0, spec.sizeBytes ?? undefined) ?? new Blob();
    const found = await attempt('read', () => md5Of(signal, bytes));
    if (signal.aborted) return err(failure('cancelled', { model: model.name }));
    return found.ok ? ok(found.value === md5) : found;
  }

  /** The store pins what it has proved once: other bytes can only come as a file that it has never seen. */
  async #throwAway({ spec }: MlcFile): Promise<Outcome<null>> {
    this.#wanted.delete(spec.id);
    this.#known = this.#known.filter(({ id }) => id !== spec.id);
    const without = await this.#keepModel('with what it had');
    if (!without.ok) return without;
    await this.#task.opened.store.reclaim();
    this.#wanted.set(spec.id, spec);
    return this.#keepModel('with what it had');
  }

  /** The lists go, and with them the model where it had nothing else: the next try reads them anew. */
  async #dropLists(): Promise<void> {
    const { opened, model } = this.#task;
    for (const id of this.#lists) this.#wanted.delete(id);
    this.#known = this.#known.filter(({ id }) => !this.#lists.has(id));
    const left = this.#known.length + this.#wanted.size;
    // Best effort: why it was wanted is what the user is told.
    if (left > 0) await this.#keepModel('with what it had');
    else await opened.store.removeModel(model.id);
    await opened.store.reclaim();
  }

  async #keepModel(files: 'with what it had' | 'as it is now'): Promise<Outcome<null>> {
    const { id, name } = this.#task.model;
    const had = files === 'as it is now' ? [] : this.#known.filter((file) => !this.#wanted.has(file.id));
    const specs = [...this.#wanted.values(), ...had.map(knownSpec)];
    const added = await this.#task.opened.store.addModel({
      id,
      name,
      format: 'mlc',
      origin: 'catalogue',
      files: specs,
    });
    return added.ok ? ok(null) : added;
  }

  #file({ spec }: MlcFile): Promise<Outcome<StoredFile | null>> {
    return this.#task.opened.store.file(spec.id);
  }

  #invalid(reason: string, { url }: MlcFile): WitanFailure {
    return failure('model-invalid', { model: this.#task.model.name, reason, file: url });
  }
}
