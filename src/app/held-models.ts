import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { StoredModel } from '#contracts/model-store';
import type { FileLocks, Release } from '../storage/model-store/file-locks.ts';

/** The files of a model, which nobody takes away until they are given back. */
export interface HeldFiles<File = Blob> {
  readonly files: readonly File[];
  /** More than once does no harm. */
  readonly release: () => void;
}

/** Hands out the files of a model, each part compared with what was written. */
export type OpenModel<File = Blob> = (modelId: string) => Promise<Outcome<HeldFiles<File>>>;

/** What is asked of the store for it. */
export interface HeldModelSource<File> {
  list(): Promise<Outcome<readonly StoredModel[]>>;
  read(): Promise<Outcome<readonly File[]>>;
  /** Called when the files are given back and free. */
  released(): Promise<void>;
}

/**
 * Models that are loaded. An engine reads their files as it needs them, long after it was given them, and a deletion under
 * it would end it; so this tab holds a reader's lock on each file as long as the model is loaded. A deletion in any tab
 * waits for it, and when this tab is gone the browser gives the locks back.
 */
export class HeldModels {
  readonly #locks: FileLocks | null;

  /** @param locks over all tabs; null where the browser has none: then nothing is held */
  constructor(locks: FileLocks | null) {
    this.#locks = locks;
  }

  /** Errors: member-unknown (also when it is being deleted just now), and those of `list` and `read`. */
  async open<File>(modelId: string, source: HeldModelSource<File>): Promise<Outcome<HeldFiles<File>>> {
    const held = await this.#hold(modelId, source);
    if (!held.ok) return held;
    let open = true;
    const release = (): void => {
      if (!open) return;
      open = false;
      for (const giveBack of held.value) giveBack();
      void this.#free().then(() => source.released());
    };
    let files: Outcome<readonly File[]> | null = null;
    try {
      files = await source.read();
    } finally {
      if (files?.ok !== true) release();
    }
    return files.ok ? ok({ files: files.value, release }) : files;
  }

  async #hold(modelId: string, source: HeldModelSource<unknown>): Promise<Outcome<readonly Release[]>> {
    const models = await source.list();
    if (!models.ok) return models;
    const model = models.value.find(({ id }) => id === modelId);
    if (model === undefined) return err(failure('member-unknown', { member: modelId }));
    const held: Release[] = [];
    for (const { id } of this.#locks === null ? [] : model.files) {
      const release = await this.#locks?.tryReader(id);
      if (release != null) held.push(release);
      else {
        for (const giveBack of held) giveBack();
        return err(failure('member-unknown', { member: modelId }));
      }
    }
    return ok(held);
  }

  /** Browsers count a lock as held for a moment after it was given back; whoever asks who holds what waits for that. */
  async #free(): Promise<void> {
    await this.#locks?.held();
  }
}
