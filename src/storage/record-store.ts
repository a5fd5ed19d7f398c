import type { IDBPDatabase } from 'idb';
import type * as v from 'valibot';
import { err, ok } from '#kernel/result';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';
import { mergeRecord, type Merge } from './archive/merge-records.ts';
import type { WitanDatabase } from './database.ts';

export interface RecordKind<T> {
  readonly store: 'deliberations' | 'conversations';
  readonly schema: v.GenericSchema<unknown, T>;
  /** The index that orders the records, and the same of a record: milliseconds since the Unix epoch. */
  readonly index: string;
  readonly timeOf: (record: T) => number;
}

/** Ids by what became of them. */
export type Absorbed = Readonly<Record<Merge<unknown>['kind'], readonly string[]>>;

/**
 * Records of one kind, newest first. Without a database (private modes, or a connection that the browser closed) they live
 * in memory as long as the tab does; `persistent` says which.
 */
export class RecordStore<T extends { readonly id: string }> {
  readonly #kind: RecordKind<T>;
  /** By names alone: which store it is, is known only when it runs. */
  #database: IDBPDatabase | null;
  readonly #memory = new Map<string, T>();

  constructor(kind: RecordKind<T>, database: WitanDatabase | null) {
    this.#kind = kind;
    this.#database = database as IDBPDatabase | null;
  }

  get persistent(): boolean {
    return this.#database !== null;
  }

  /** Errors: storage-failed; the record then stays in memory. */
  async put(record: T): Promise<Outcome<null>> {
    if (this.#database === null) {
      this.#memory.set(record.id, record);
      return ok(null);
    }
    try {
      await this.#database.put(this.#kind.store, record, record.id);
      this.#memory.delete(record.id); // from an earlier failure: it would hide the stored one
      return ok(null);
    } catch (thrown) {
      this.#memory.set(record.id, record);
      return err(this.#storageFailure(thrown));
    }
  }

  /** At most `limit` records, newest first. Records that do not parse are left untouched and left out. */
  async list(limit: number): Promise<Outcome<readonly T[]>> {
    const found: T[] = [...this.#memory.values()];
    try {
      const { store, index } = this.#kind;
      let cursor =
        (await this.#database?.transaction(store).store.index(index).openCursor(null, 'prev')) ?? null;
      while (cursor !== null && found.length < limit + this.#memory.size) {
        const parsed = parseWith(this.#kind.schema, cursor.value, 'record-invalid');
        if (parsed.ok && !this.#memory.has(parsed.value.id)) found.push(parsed.value);
        cursor = await cursor.continue();
      }
    } catch (thrown) {
      const problem = this.#storageFailure(thrown);
      if (this.#database !== null) return err(problem);
    }
    const { timeOf } = this.#kind;
    return ok(found.sort((a, b) => timeOf(b) - timeOf(a)).slice(0, limit));
  }

  /** Errors: record-invalid (unknown id, or a record of another version), storage-failed. */
  async get(id: string): Promise<Outcome<T>> {
    const remembered = this.#memory.get(id);
    if (remembered !== undefined) return ok(remembered);
    try {
      const stored: unknown = await this.#database?.get(this.#kind.store, id);
      return parseWith(this.#kind.schema, stored, 'record-invalid');
    } catch (thrown) {
      return err(this.#storageFailure(thrown));
    }
  }

  async remove(id: string): Promise<Outcome<null>> {
    this.#memory.delete(id);
    try {
      await this.#database?.delete(this.#kind.store, id);
      return ok(null);
    } catch (thrown) {
      return err(this.#storageFailure(thrown));
    }
  }

  /** Ids of all records, newest first; also of those that do not parse. Errors: storage-failed. */
  async ids(): Promise<Outcome<readonly string[]>> {
    const { store, index, timeOf } = this.#kind;
    const held = [...this.#memory.values()].sort((a, b) => timeOf(b) - timeOf(a)).map(({ id }) => id);
    try {
      const stored = (await this.#database?.getAllKeysFromIndex(store, index)) ?? [];
      const ids = stored.reverse().filter((id) => typeof id === 'string');
      return ok([...held, ...ids.filter((id) => !this.#memory.has(id))]);
    } catch (thrown) {
      const problem = this.#storageFailure(thrown);
      return this.#database === null ? ok(held) : err(problem);
    }
  }

  /** The records of these ids, in their order; null for what is not there or does not parse. Errors: storage-failed. */
  async getMany(ids: readonly string[]): Promise<Outcome<readonly (T | null)[]>> {
    try {
      const transaction = this.#database?.transaction(this.#kind.store);
      const stored: readonly unknown[] = await Promise.all(
        ids.map(async (id): Promise<unknown> => this.#memory.get(id) ?? transaction?.store.get(id)),
      );
      return ok(
        stored.map((record) => {
          const parsed = parseWith(this.#kind.schema, record, 'record-invalid');
          return parsed.ok ? parsed.value : null;
        }),
      );
    } catch (thrown) {
      return err(this.#storageFailure(thrown));
    }
  }

  /**
   * Takes records of a file in, all or none. What is here and is of another version stays untouched.
   * @param join makes one of a record that is here and one of the file, and says whether they contradict each other
   * Errors: storage-failed (nothing was changed).
   */
  async absorb(
    records: readonly T[],
    join: (ours: T, theirs: T) => { readonly record: T; readonly conflict: boolean },
  ): Promise<Outcome<Absorbed>> {
    const done: Record<Merge<T>['kind'], string[]> = {
      added: [],
      merged: [],
      unchanged: [],
      conflict: [],
      foreign: [],
    };
    const decide = (ours: unknown, theirs: T): T | null => {
      const merge = mergeRecord(ours, theirs, this.#kind.schema, join);
      done[merge.kind].push(theirs.id);
      return 'record' in merge ? merge.record : null;
    };
    try {
      if (this.#database === null) {
        for (const theirs of records) {
          const record = decide(this.#memory.get(theirs.id), theirs);
          if (record !== null) this.#memory.set(record.id, record);
        }
        return ok(done);
      }
      const transaction = this.#database.transaction(this.#kind.store, 'readwrite');
      const change = async (): Promise<void> => {
        for (const theirs of records) {
          const stored: unknown = await transaction.store.get(theirs.id);
          const held = this.#memory.get(theirs.id);
          const record = decide(held ?? stored, theirs) ?? held ?? null;
          if (record !== null) await transaction.store.put(record, record.id);
        }
      };
      // What cannot be written at all fails before it is a request, and would leave the rest to be committed.
      const whole = change().catch((thrown: unknown) => {
        transaction.abort();
        throw thrown;
      });
      await Promise.all([whole, transaction.done]);
      for (const { id } of records) this.#memory.delete(id);
      return ok(done);
    } catch (thrown) {
      return err(this.#storageFailure(thrown));
    }
  }

  #storageFailure(thrown: unknown): WitanFailure {
    // InvalidStateError: the connection is closed for good (storage cleared, another version), so go on in memory.
    if (thrown instanceof DOMException && thrown.name === 'InvalidStateError') this.#database = null;
    return failure('storage-failed', { store: this.#kind.store }, thrown);
  }
}
