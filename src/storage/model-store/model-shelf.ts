import { err, ok } from '#kernel/result';
import { failure, WitanError, type Outcome } from '#contracts/errors';
import type { FileSpec, FileState, StoredFile, StoredModel } from '#contracts/model-store';
import { storedFile } from './file-record.ts';
import type { JournalEditor, JournalView, ModelRecord } from './journal.ts';
import { attempt, inJournal } from './store-failure.ts';
import type { StoreParts } from './store-parts.ts';

/** A model to keep: its name, where it comes from, and its files. */
export interface ModelSpec extends Pick<StoredModel, 'id' | 'name' | 'format' | 'origin'> {
  readonly files: readonly FileSpec[];
}

/**
 * The models of the store and which files they are made of. A file that several models have in common is kept once and
 * goes with the last of them. Errors of all: storage-failed, storage-full.
 */
export class ModelShelf {
  readonly #parts: StoreParts;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /**
   * Adds a model, or says anew what one is made of; its files are known from then on. All or nothing.
   * Errors: also model-invalid (reasons `spec`, `size`, `sha256`: the same id was said to be another file).
   */
  add(spec: ModelSpec): Promise<Outcome<null>> {
    return inJournal(this.#parts.journal, 'add', async (editor) => {
      if (spec.id === '' || spec.files.length === 0) return err(invalid(spec.id, 'spec'));
      for (const file of spec.files) {
        const adopted = await this.#parts.ledger.adoptIn(editor, file);
        if (!adopted.ok) throw new WitanError(adopted.error);
      }
      const nowMs = this.#parts.clock.epochMs();
      const before = await editor.model(spec.id);
      const { id, name, format, origin } = spec;
      const kept = { pinned: false, addedAtMs: nowMs, lastUsedAtMs: nowMs, ...before };
      const fileIds = [...new Set(spec.files.map((file) => file.id))];
      editor.putModel({ ...kept, id, name, format, origin, fileIds });
      await this.#bury(editor, before?.fileIds ?? []);
      return ok(null);
    });
  }

  /** Takes a model away; files that no other model has become tombstones. Nothing happens where there is none. */
  remove(id: string): Promise<Outcome<null>> {
    return inJournal(this.#parts.journal, 'remove', async (editor) => {
      const model = await editor.model(id);
      if (model === null) return ok(null);
      editor.dropModel(id);
      await this.#bury(editor, model.fileIds);
      return ok(null);
    });
  }

  /** Errors: also model-invalid (reason `unknown`). */
  pin(id: string, pinned: boolean): Promise<Outcome<null>> {
    return this.#edit(id, (model) => ({ ...model, pinned }));
  }

  /** The model is used now: it is evicted last. Errors: also model-invalid (reason `unknown`). */
  touch(id: string): Promise<Outcome<null>> {
    const lastUsedAtMs = this.#parts.clock.epochMs();
    return this.#edit(id, (model) => ({ ...model, lastUsedAtMs }));
  }

  /** By name. */
  list(): Promise<Outcome<readonly StoredModel[]>> {
    return attempt('list', () =>
      this.#parts.journal.read(async (view) => {
        const damaged = new Set((await view.unreadable()).files);
        const models: StoredModel[] = [];
        for (const record of await view.models()) models.push(await this.#stored(view, record, damaged));
        return models.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
      }),
    );
  }

  async #stored(view: JournalView, record: ModelRecord, damaged: ReadonlySet<string>): Promise<StoredModel> {
    const { fileIds, ...rest } = record;
    const files: StoredFile[] = [];
    for (const id of fileIds) {
      const file = damaged.has(id) ? null : await this.#parts.ledger.known(view, id);
      // A record that cannot be read: its file counts as not here, and the model with it.
      files.push(file === null ? unreadable(id) : storedFile(file.record, file.table));
    }
    const sizes = files.map((file) => file.sizeBytes);
    const known = sizes.filter((size) => size !== null);
    return {
      ...rest,
      files,
      state: stateOfAll(files.map((file) => file.state)),
      sizeBytes: known.length === sizes.length ? sum(known) : null,
      keptBytes: sum(files.map((file) => file.keptBytes)),
    };
  }

  /** Files that no model has any more become tombstones. */
  async #bury(editor: JournalEditor, fileIds: readonly string[]): Promise<void> {
    const unreadable = await editor.unreadable();
    // Nobody can say which files a model that cannot be read still needs.
    if (unreadable.models.length > 0) return;
    const wanted = new Set((await editor.models()).flatMap((model) => model.fileIds));
    for (const id of fileIds.filter((file) => !wanted.has(file))) {
      const record = unreadable.files.includes(id) ? null : await editor.file(id);
      if (record === null) editor.dropFile(id);
      else editor.putFile({ ...record, state: 'tombstone' });
    }
  }

  #edit(id: string, change: (model: ModelRecord) => ModelRecord): Promise<Outcome<null>> {
    return inJournal(this.#parts.journal, 'edit', async (editor) => {
      const model = await editor.model(id);
      if (model === null) return err(invalid(id, 'unknown'));
      editor.putModel(change(model));
      return ok(null);
    });
  }
}

/**
 * The state of a model: `suspect` when a file is, `verified` when all are, `new` when nothing of any is kept; `partial`
 * else, also when one file is whole and another not begun.
 */
export function stateOfAll(states: readonly FileState[]): FileState {
  if (states.includes('suspect')) return 'suspect';
  if (states.includes('tombstone')) return 'tombstone';
  if (states.every((state) => state === 'verified')) return 'verified';
  return states.every((state) => state === 'new') ? 'new' : 'partial';
}

function unreadable(id: string): StoredFile {
  const nothing = { sizeBytes: null, keptBytes: 0, chunks: null, keptChunks: 0, sha256: null };
  return { id, state: 'new', ...nothing, urls: [], faults: [], checkedAtMs: null, lostChunks: 0 };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const invalid = (model: string, reason: string): ReturnType<typeof failure> =>
  failure('model-invalid', { model, reason });
