import { err, ok } from '#kernel/result';
import { DeliberationSchema, type Deliberation } from '#contracts/deliberation';
import { failure, type Outcome, type WitanFailure } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';
import type { WitanDatabase } from './database.ts';

/**
 * The history of rounds, newest first. Without a database (private modes, or a connection that the browser closed) the
 * records live in memory as long as the tab does; `persistent` says which.
 */
export class DeliberationStore {
  #database: WitanDatabase | null;
  readonly #memory = new Map<string, Deliberation>();

  constructor(database: WitanDatabase | null) {
    this.#database = database;
  }

  get persistent(): boolean {
    return this.#database !== null;
  }

  /** Errors: storage-failed; the record then stays in memory. */
  async put(record: Deliberation): Promise<Outcome<null>> {
    if (this.#database === null) {
      this.#memory.set(record.id, record);
      return ok(null);
    }
    try {
      await this.#database.put('deliberations', record, record.id);
      this.#memory.delete(record.id); // from an earlier failure: it would hide the stored one
      return ok(null);
    } catch (thrown) {
      this.#memory.set(record.id, record);
      return err(this.#storageFailure(thrown));
    }
  }

  /** At most `limit` records, newest first. Records that do not parse are left untouched and left out. */
  async list(limit: number): Promise<Outcome<readonly Deliberation[]>> {
    const found: Deliberation[] = [...this.#memory.values()];
    try {
      const index = this.#database?.transaction('deliberations').store.index('askedAt');
      let cursor = (await index?.openCursor(null, 'prev')) ?? null;
      while (cursor !== null && found.length < limit + this.#memory.size) {
        const parsed = parseWith(DeliberationSchema, cursor.value, 'record-invalid');
        if (parsed.ok && !this.#memory.has(parsed.value.id)) found.push(parsed.value);
        cursor = await cursor.continue();
      }
    } catch (thrown) {
      const problem = this.#storageFailure(thrown);
      if (this.#database !== null) return err(problem);
    }
    return ok(found.sort((a, b) => b.askedAt - a.askedAt).slice(0, limit));
  }

  /** Errors: record-invalid (unknown id, or a record of another version), storage-failed. */
  async get(id: string): Promise<Outcome<Deliberation>> {
    const remembered = this.#memory.get(id);
    if (remembered !== undefined) return ok(remembered);
    try {
      return parseWith(DeliberationSchema, await this.#database?.get('deliberations', id), 'record-invalid');
    } catch (thrown) {
      return err(this.#storageFailure(thrown));
    }
  }

  async rate(id: string, rating: 'good' | 'bad'): Promise<Outcome<Deliberation>> {
    const found = await this.get(id);
    if (!found.ok) return found;
    const rated: Deliberation = { ...found.value, rating };
    const stored = await this.put(rated);
    return stored.ok ? ok(rated) : stored;
  }

  async remove(id: string): Promise<Outcome<null>> {
    this.#memory.delete(id);
    try {
      await this.#database?.delete('deliberations', id);
      return ok(null);
    } catch (thrown) {
      return err(this.#storageFailure(thrown));
    }
  }

  #storageFailure(thrown: unknown): WitanFailure {
    // InvalidStateError: the connection is closed for good (storage cleared, another version), so go on in memory.
    if (thrown instanceof DOMException && thrown.name === 'InvalidStateError') this.#database = null;
    return failure('storage-failed', { store: 'deliberations' }, thrown);
  }
}
