import { err, ok } from '#kernel/result';
import { PredictionVerdictSchema, type PredictionVerdict } from '#contracts/capacity';
import { failure, type Outcome } from '#contracts/errors';
import { parseWith } from '#contracts/schema-parse';
import type { WitanDatabase } from './database.ts';

/** Verdicts that are kept: some hundred answers, of three figures each, and 200 KB at most. */
export const PREDICTIONS_KEPT = 500;

const newestFirst = (verdicts: readonly PredictionVerdict[]): PredictionVerdict[] =>
  [...verdicts].sort((a, b) => b.atMs - a.atMs);

/**
 * What became of predictions on this device, the newest `PREDICTIONS_KEPT`. Without a database (private modes), and when a
 * write fails, they live in memory as long as the tab does.
 */
export class PredictionStore {
  readonly #database: WitanDatabase | null;
  /** Verdicts that no database holds, oldest first. */
  #memory: readonly PredictionVerdict[] = [];

  constructor(database: WitanDatabase | null) {
    this.#database = database;
  }

  get persistent(): boolean {
    return this.#database !== null;
  }

  /**
   * Adds all of them or none, and lets go of the oldest.
   * Errors: record-invalid (nothing is kept: it could never be read again); storage-failed: they then stay in memory.
   */
  async add(verdicts: readonly PredictionVerdict[]): Promise<Outcome<null>> {
    const clean: PredictionVerdict[] = [];
    for (const verdict of verdicts) {
      const valid = parseWith(PredictionVerdictSchema, verdict, 'record-invalid');
      if (!valid.ok) return valid;
      clean.push(valid.value);
    }
    if (this.#database === null) return this.#hold(clean);
    try {
      const transaction = this.#database.transaction('predictions', 'readwrite');
      const { store } = transaction;
      const change = async (): Promise<void> => {
        for (const verdict of clean) await store.add(verdict);
        const surplus = (await store.count()) - PREDICTIONS_KEPT;
        // `getAllKeys` takes a count of 0 for no limit.
        const oldest = surplus > 0 ? await store.getAllKeys(null, surplus) : [];
        for (const key of oldest) await store.delete(key);
      };
      await Promise.all([change(), transaction.done]);
      return ok(null);
    } catch (thrown) {
      this.#hold(clean);
      return err(failure('storage-failed', { store: 'predictions' }, thrown));
    }
  }

  /**
   * The verdicts, newest first. Records that do not parse are left untouched and left out.
   * Errors: storage-failed.
   */
  async list(): Promise<Outcome<readonly PredictionVerdict[]>> {
    const found = [...this.#memory].reverse();
    try {
      const stored: readonly unknown[] = (await this.#database?.getAll('predictions')) ?? [];
      for (const record of [...stored].reverse()) {
        const parsed = parseWith(PredictionVerdictSchema, record, 'record-invalid');
        if (parsed.ok) found.push(parsed.value);
      }
    } catch (thrown) {
      // What memory holds is still true.
      if (found.length === 0) return err(failure('storage-failed', { store: 'predictions' }, thrown));
    }
    return ok(newestFirst(found).slice(0, PREDICTIONS_KEPT));
  }

  #hold(verdicts: readonly PredictionVerdict[]): Outcome<null> {
    this.#memory = [...this.#memory, ...verdicts].slice(-PREDICTIONS_KEPT);
    return ok(null);
  }
}
