import type { IDBPTransaction, StoreNames } from 'idb';
import { failure, WitanError } from '#contracts/errors';
import type {
  ChunkPage,
  FileRecord,
  Journal,
  JournalEditor,
  JournalView,
  ModelRecord,
  UnreadableRecords,
} from './journal.ts';
import type { ModelsDatabase, ModelsSchema } from './models-database.ts';
import { fileValue, modelValue, pageValue, parseFile, parseModel, parsePage } from './record-schemas.ts';

const STORES: ('files' | 'pages' | 'models')[] = ['files', 'pages', 'models'];
type Transaction<Mode extends IDBTransactionMode> = IDBPTransaction<
  ModelsSchema,
  StoreNames<ModelsSchema>[],
  Mode
>;

/** The journal in IndexedDB: its readwrite transactions are what makes a change atomic, and one at a time over all tabs. */
export class IdbJournal implements Journal {
  readonly #database: ModelsDatabase;

  constructor(database: ModelsDatabase) {
    this.#database = database;
  }

  async read<T>(look: (view: JournalView) => Promise<T>): Promise<T> {
    const transaction = this.#database.transaction(STORES, 'readonly') as Transaction<'readonly'>;
    const seen = look(new IdbView(transaction));
    // Awaited together: when the transaction fails, both do, and a rejection that nobody awaits is an unhandled one.
    const [value] = await Promise.all([seen, transaction.done]);
    return value;
  }

  change<T>(change: (editor: JournalEditor) => Promise<T>): Promise<T> {
    return this.#change(change, 'strict');
  }

  note<T>(change: (editor: JournalEditor) => Promise<T>): Promise<T> {
    return this.#change(change, 'relaxed');
  }

  close(): void {
    this.#database.close();
  }

  async #change<T>(
    change: (editor: JournalEditor) => Promise<T>,
    durability: IDBTransactionDurability,
  ): Promise<T> {
    const transaction = this.#database.transaction(STORES, 'readwrite', {
      durability,
    }) as Transaction<'readwrite'>;
    const done = transaction.done.then(
      () => null,
      (thrown: unknown) => ({ thrown }),
    );
    try {
      const value = await change(new IdbEditor(transaction));
      const failed = await done;
      if (failed !== null) throw failed.thrown;
      return value;
    } catch (thrown) {
      abort(transaction);
      await done;
      throw thrown;
    }
  }
}

class IdbView<Mode extends IDBTransactionMode> implements JournalView {
  protected readonly transaction: Transaction<Mode>;

  constructor(transaction: Transaction<Mode>) {
    this.transaction = transaction;
  }

  async file(id: string): Promise<FileRecord | null> {
    const value = await this.transaction.objectStore('files').get(id);
    return readable(value, parseFile, id);
  }

  async files(): Promise<readonly FileRecord[]> {
    return parsed(await this.transaction.objectStore('files').getAll(), parseFile);
  }

  async pages(fileId: string): Promise<readonly ChunkPage[]> {
    return parsed(await this.transaction.objectStore('pages').getAll(pagesOf(fileId)), parsePage);
  }

  async model(id: string): Promise<ModelRecord | null> {
    const value = await this.transaction.objectStore('models').get(id);
    return readable(value, parseModel, id);
  }

  async models(): Promise<readonly ModelRecord[]> {
    return parsed(await this.transaction.objectStore('models').getAll(), parseModel);
  }

  async unreadable(): Promise<UnreadableRecords> {
    return {
      files: await this.#damaged('files', parseFile),
      models: await this.#damaged('models', parseModel),
    };
  }

  async #damaged(name: 'files' | 'models', parse: (value: unknown) => unknown): Promise<readonly string[]> {
    const store = this.transaction.objectStore(name);
    const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()]);
    return keys.filter((_, index) => parse(values[index]) === null).map(String);
  }
}

class IdbEditor extends IdbView<'readwrite'> implements JournalEditor {
  putFile(record: FileRecord): void {
    this.#write(() => this.transaction.objectStore('files').put(fileValue(record), record.id));
  }

  dropFile(id: string): void {
    this.#write(() => this.transaction.objectStore('files').delete(id));
    this.dropPages(id);
  }

  putPage(page: ChunkPage): void {
    this.#write(() => this.transaction.objectStore('pages').put(pageValue(page), [page.fileId, page.page]));
  }

  dropPages(fileId: string): void {
    this.#write(() => this.transaction.objectStore('pages').delete(pagesOf(fileId)));
  }

  putModel(record: ModelRecord): void {
    this.#write(() => this.transaction.objectStore('models').put(modelValue(record), record.id));
  }

  dropModel(id: string): void {
    this.#write(() => this.transaction.objectStore('models').delete(id));
  }

  #write(write: () => Promise<unknown>): void {
    // One that fails ends the transaction, and `change` with it; here it would only count as unhandled.
    write().catch(() => undefined);
  }
}

function abort(transaction: Transaction<'readwrite'>): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}

const pagesOf = (fileId: string): IDBKeyRange =>
  IDBKeyRange.bound([fileId, 0], [fileId, Number.MAX_SAFE_INTEGER]);

const parsed = <T>(values: readonly unknown[], parse: (value: unknown) => T | null): readonly T[] =>
  values.map(parse).filter((record) => record !== null);

/** @throws WitanError record-invalid */
function readable<T>(value: unknown, parse: (value: unknown) => T | null, id: string): T | null {
  if (value === undefined) return null;
  const record = parse(value);
  if (record === null) throw new WitanError(failure('record-invalid', { store: 'models', id }));
  return record;
}
