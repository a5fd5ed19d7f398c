import type { WitanDatabase } from './database.ts';

/** What is to be done, decided with all entries in view. */
export interface ShelfChange {
  readonly drop: readonly string[];
  readonly put?: { readonly header: { readonly key: string }; readonly body: unknown };
}

export interface ShelfEntry {
  readonly key: string;
  readonly header: unknown;
}

/** Where kept answers lie: headers, which are read together, and bodies, which are read one by one. */
export interface ResponseShelf {
  readonly persistent: boolean;
  read(key: string): Promise<{ readonly header: unknown; readonly body: unknown } | null>;
  list(): Promise<readonly ShelfEntry[]>;
  /** Replaces the header of an entry that is still there. */
  touch(key: string, header: unknown): Promise<void>;
  /** Nobody else changes anything between what `decide` sees and what it does; all of it is done or nothing. */
  change(decide: (entries: readonly ShelfEntry[]) => ShelfChange): Promise<void>;
}

export class DatabaseShelf implements ResponseShelf {
  readonly persistent = true;
  readonly #database: WitanDatabase;

  constructor(database: WitanDatabase) {
    this.#database = database;
  }

  async read(key: string): Promise<{ readonly header: unknown; readonly body: unknown } | null> {
    const transaction = this.#database.transaction(['responses', 'response-bodies']);
    const [header, body] = await Promise.all([
      transaction.objectStore('responses').get(key),
      transaction.objectStore('response-bodies').get(key),
      transaction.done,
    ]);
    return header === undefined && body === undefined ? null : { header, body };
  }

  async list(): Promise<readonly ShelfEntry[]> {
    const transaction = this.#database.transaction('responses');
    const { store } = transaction;
    const [keys, headers] = await Promise.all([store.getAllKeys(), store.getAll(), transaction.done]);
    return keys.map((key, index) => ({ key, header: headers[index] }));
  }

  async touch(key: string, header: unknown): Promise<void> {
    const transaction = this.#database.transaction('responses', 'readwrite');
    const { store } = transaction;
    const touch = async (): Promise<void> => {
      if ((await store.count(key)) > 0) await store.put(header, key);
    };
    await Promise.all([touch(), transaction.done]);
  }

  async change(decide: (entries: readonly ShelfEntry[]) => ShelfChange): Promise<void> {
    const transaction = this.#database.transaction(['responses', 'response-bodies'], 'readwrite');
    const headers = transaction.objectStore('responses');
    const bodies = transaction.objectStore('response-bodies');
    const change = async (): Promise<void> => {
      const [keys, values] = await Promise.all([headers.getAllKeys(), headers.getAll()]);
      const { drop, put } = decide(keys.map((key, index) => ({ key, header: values[index] })));
      await Promise.all([
        ...drop.flatMap((key) => [headers.delete(key), bodies.delete(key)]),
        ...(put === undefined
          ? []
          : [headers.put(put.header, put.header.key), bodies.put(put.body, put.header.key)]),
      ]);
    };
    // Awaited together: when one request fails, all do, and a rejection that nobody awaits would be an unhandled one.
    await Promise.all([change(), transaction.done]);
  }
}

export class MemoryShelf implements ResponseShelf {
  readonly persistent = false;
  readonly #entries = new Map<string, { readonly header: unknown; readonly body: unknown }>();

  read(key: string): Promise<{ readonly header: unknown; readonly body: unknown } | null> {
    return Promise.resolve(this.#entries.get(key) ?? null);
  }

  list(): Promise<readonly ShelfEntry[]> {
    return Promise.resolve([...this.#entries].map(([key, { header }]) => ({ key, header })));
  }

  touch(key: string, header: unknown): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#entries.set(key, { ...entry, header });
    return Promise.resolve();
  }

  change(decide: (entries: readonly ShelfEntry[]) => ShelfChange): Promise<void> {
    const { drop, put } = decide([...this.#entries].map(([key, { header }]) => ({ key, header })));
    for (const key of drop) this.#entries.delete(key);
    if (put !== undefined) this.#entries.set(put.header.key, put);
    return Promise.resolve();
  }
}
