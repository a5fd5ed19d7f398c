import type {
  ChunkPage,
  FileRecord,
  JournalEditor,
  ModelRecord,
  UnreadableRecords,
} from '../../src/storage/model-store/journal.ts';

/** The records of a journal in memory; a change works on a copy. Records are values: nobody writes into one. */
export class MemoryRecords implements JournalEditor {
  readonly #files: Map<string, FileRecord>;
  readonly #pages: Map<string, ReadonlyMap<number, ChunkPage>>;
  readonly #models: Map<string, ModelRecord>;

  constructor(from?: MemoryRecords) {
    this.#files = new Map(from ? from.#files : []);
    this.#pages = new Map(from ? from.#pages : []);
    this.#models = new Map(from ? from.#models : []);
  }

  file(id: string): Promise<FileRecord | null> {
    return Promise.resolve(this.#files.get(id) ?? null);
  }

  files(): Promise<readonly FileRecord[]> {
    return Promise.resolve([...this.#files.values()]);
  }

  pages(fileId: string): Promise<readonly ChunkPage[]> {
    return Promise.resolve([...(this.#pages.get(fileId)?.values() ?? [])]);
  }

  model(id: string): Promise<ModelRecord | null> {
    return Promise.resolve(this.#models.get(id) ?? null);
  }

  models(): Promise<readonly ModelRecord[]> {
    return Promise.resolve([...this.#models.values()]);
  }

  unreadable(): Promise<UnreadableRecords> {
    return Promise.resolve({ files: [], models: [] });
  }

  putFile(record: FileRecord): void {
    this.#files.set(record.id, record);
  }

  dropFile(id: string): void {
    this.#files.delete(id);
    this.#pages.delete(id);
  }

  putPage(page: ChunkPage): void {
    this.#pages.set(page.fileId, new Map(this.#pages.get(page.fileId)).set(page.page, page));
  }

  dropPages(fileId: string): void {
    this.#pages.delete(fileId);
  }

  putModel(record: ModelRecord): void {
    this.#models.set(record.id, record);
  }

  dropModel(id: string): void {
    this.#models.delete(id);
  }

  /** As they are now, for tests that look behind the store. */
  get all(): {
    readonly files: readonly FileRecord[];
    readonly pages: (fileId: string) => readonly ChunkPage[];
    readonly models: readonly ModelRecord[];
  } {
    return {
      files: [...this.#files.values()],
      pages: (fileId) => [...(this.#pages.get(fileId)?.values() ?? [])],
      models: [...this.#models.values()],
    };
  }
}
