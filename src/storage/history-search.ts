import type { Clock } from '#kernel/clock';
import { err, ok } from '#kernel/result';
import type { FoundRecord, FoundRecords } from '#contracts/conversation';
import type { Deliberation } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import type { DeliberationStore } from './deliberation-store.ts';
import { searchPlace, searchScore, searchTerms, searchText, type SearchText } from './search-text.ts';

interface Indexed extends Omit<FoundRecord, 'score' | 'place'> {
  readonly text: SearchText;
}

/** Records read and folded in one go, between two looks at the time: some 20 ms on a slow machine. */
const BATCH = 100;

/**
 * How long one search reads records that it has not seen before. What it read stays, so the next search goes on from there:
 * 10,000 records of 4 KB took two searches on two cores of 2.5 GHz (tools/measure/history-search.ts).
 */
const READING_MS = 1_000;

/**
 * Searches the history. Reading the records costs far more than looking through their words, so the folded words of every
 * record stay in memory (a kilobyte or two each); a search asks the store only for the ids, and reads what is new.
 */
export class HistorySearch {
  readonly #clock: Clock;
  readonly #store: DeliberationStore;
  /** Null: it does not parse; it is not read again. */
  readonly #index = new Map<string, Indexed | null>();

  constructor(clock: Clock, store: DeliberationStore) {
    this.#clock = clock;
    this.#store = store;
  }

  /**
   * Records that hold every word of the query in question or answers, whatever their case and accents; the best first, and
   * of equals the newest.
   * @param readingMs how long it may read what it has not seen before; newer records are read first
   * Errors: storage-failed, cancelled.
   */
  async search(
    signal: AbortSignal,
    query: string,
    limit: number,
    readingMs = READING_MS,
  ): Promise<Outcome<FoundRecords>> {
    const ids = await this.#store.ids();
    if (!ids.ok) return ids;
    const read = await this.#read(signal, ids.value, readingMs);
    if (!read.ok) return read;
    const terms = searchTerms(query);
    const records = ids.value.flatMap((id) => this.#index.get(id) ?? []);
    const found = (terms.length === 0 ? [] : records)
      .map(({ text, ...record }): FoundRecord => {
        return { ...record, place: searchPlace(text, terms), score: searchScore(text, terms) };
      })
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score || b.askedAt - a.askedAt);
    return ok({
      found: found.slice(0, limit),
      matches: found.length,
      searched: records.length,
      complete: ids.value.every((id) => this.#index.has(id)),
    });
  }

  async #read(signal: AbortSignal, ids: readonly string[], readingMs: number): Promise<Outcome<null>> {
    const present = new Set(ids);
    for (const id of [...this.#index.keys()]) if (!present.has(id)) this.#index.delete(id);
    const unread = ids.filter((id) => !this.#index.has(id));
    const startedMs = this.#clock.nowMs();
    for (let first = 0; first < unread.length; first += BATCH) {
      if (signal.aborted) return err(failure('cancelled'));
      if (first > 0 && this.#clock.nowMs() - startedMs >= readingMs) break;
      const batch = unread.slice(first, first + BATCH);
      const records = await this.#store.getMany(batch);
      if (!records.ok) return records;
      batch.forEach((id, at) => this.#index.set(id, indexed(records.value[at] ?? null)));
    }
    return signal.aborted ? err(failure('cancelled')) : ok(null);
  }
}

function indexed(record: Deliberation | null): Indexed | null {
  if (record === null) return null;
  const { id, askedAt, prompt, answer } = record;
  return { id, askedAt, prompt, answer, text: searchText(record) };
}
