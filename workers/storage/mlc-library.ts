import { err, ok } from '#kernel/result';
import { untilAborted } from '#kernel/until-aborted';
import type { MlcSource } from '#contracts/engine';
import { failure, type Outcome } from '#contracts/errors';
import { MOST_LIBRARY_BYTES, type FetchedLibrary } from '#contracts/mlc-twin';
import { addressOf, versionOf } from '../../src/storage/mlc/file-marks.ts';
import { attempt } from '../../src/storage/model-store/store-failure.ts';
import type { MlcWorkPorts } from './mlc-work.ts';
import type { OpenedStore } from './open-store.ts';
import { fetchWhole } from './whole-file.ts';

export interface LibraryTask {
  readonly signal: AbortSignal;
  readonly model: MlcSource;
  /** Null where the store cannot be opened: then it is fetched. */
  readonly opened: OpenedStore | null;
  readonly ports: MlcWorkPorts;
  /** Fetched in any case. */
  readonly anew: boolean;
}

/** The compiled library of a model, from the store, else the caches of before, else its address. Errors: see `mlcLibrary`. */
export async function libraryOf(task: LibraryTask): Promise<Outcome<FetchedLibrary>> {
  const { signal, model, ports, anew } = task;
  const { name, libraryUrl } = model;
  if (!anew) {
    const here = (await keptLibrary(task)) ?? (await untilAborted(ports.earlier.find(libraryUrl), signal));
    if (signal.aborted) return err(failure('cancelled', { model: name }));
    if (here !== null) return ok({ file: here, transferredBytes: 0 });
  }
  const about = { model: name, file: libraryUrl };
  const whole = await fetchWhole(signal, libraryUrl, ports, about, () => undefined, MOST_LIBRARY_BYTES);
  return whole.ok ? ok({ file: whole.value, transferredBytes: whole.value.size }) : whole;
}

/** Null where the store has none that is whole, for whatever reason: it can be fetched. */
async function keptLibrary({ signal, model, opened }: LibraryTask): Promise<Blob | null> {
  if (opened === null) return null;
  const models = await opened.store.list();
  if (!models.ok) return null;
  const [latest] = models.value
    .flatMap(({ files }) => files)
    .filter((file) => addressOf(file) === model.libraryUrl && file.state === 'verified')
    .sort((one, other) => versionOf(other) - versionOf(one));
  if (latest === undefined) return null;
  const verified = await opened.store.verify(signal, latest.id);
  const file = verified.ok ? await opened.store.file(latest.id) : verified;
  if (!file.ok || file.value?.state !== 'verified') return null;
  const blob = await attempt('read', () => opened.blobs.blob(latest.id));
  return blob.ok ? (blob.value?.slice(0, file.value.sizeBytes ?? undefined) ?? null) : null;
}
