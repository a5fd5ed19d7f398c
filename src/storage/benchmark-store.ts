import { err, ok } from '#kernel/result';
import { BenchResultSchema, type BenchResult } from '#contracts/bench';
import { failure, type Outcome } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';
import type { WitanDatabase } from './database.ts';

/**
 * Results measured on this device, in the order they were made. Without a database (private modes), and when a write
 * fails, they live in memory as long as the tab does; `persistent` says which.
 */
export class BenchmarkStore {
  readonly #database: WitanDatabase | null;
  /** Results that no database holds, oldest first. */
  readonly #memory: BenchResult[] = [];

  constructor(database: WitanDatabase | null) {
    this.#database = database;
  }

  get persistent(): boolean {
    return this.#database !== null;
  }

  /** Errors: storage-failed; the result then stays in memory. */
  async add(result: BenchResult): Promise<Outcome<null>> {
    try {
      if (this.#database === null) this.#memory.push(result);
      else await this.#database.add('benchmarks', result);
      return ok(null);
    } catch (thrown) {
      this.#memory.push(result);
      return err(failure('storage-failed', { store: 'benchmarks' }, thrown));
    }
  }

  /**
   * At most `limit` results, newest first; what only memory holds is newer than the rest. Records that do not parse
   * are left untouched and left out. Errors: storage-failed.
   */
  async list(limit: number): Promise<Outcome<readonly BenchResult[]>> {
    const found = [...this.#memory].reverse();
    try {
      let cursor = (await this.#database?.transaction('benchmarks').store.openCursor(null, 'prev')) ?? null;
      while (cursor !== null && found.length < limit) {
        const parsed = parseWith(BenchResultSchema, cursor.value, 'record-invalid');
        if (parsed.ok) found.push(parsed.value);
        cursor = await cursor.continue();
      }
    } catch (thrown) {
      // What memory holds is still true, and newer than anything stored.
      if (found.length === 0) return err(failure('storage-failed', { store: 'benchmarks' }, thrown));
    }
    return ok(found.slice(0, limit));
  }

  /** The newest result, null when there is none. Errors: storage-failed. */
  async latest(): Promise<Outcome<BenchResult | null>> {
    const newest = await this.list(1);
    return newest.ok ? ok(newest.value[0] ?? null) : newest;
  }
}
