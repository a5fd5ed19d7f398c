import type { FoundRecords } from '#contracts/conversation';
import { failure, failureOf, type WitanFailure } from '#contracts/errors';
import type { WitanPorts } from '#contracts/ports';

/** More than anybody reads through; a further word finds better than a longer list. */
const MOST_FOUND = 50;

/** The search field of the history. */
export class HistorySearchModel {
  query = $state('');
  /** Null: nothing is searched for. */
  result = $state.raw<FoundRecords | null>(null);
  problem = $state.raw<WitanFailure | null>(null);
  searching = $state(false);

  readonly #ports: Pick<WitanPorts, 'conversations'>;
  #search: AbortController | null = null;

  constructor(ports: Pick<WitanPorts, 'conversations'>) {
    this.#ports = ports;
  }

  /** With every letter; the search before is given up. Once more where it was not complete: it goes on from there. */
  async search(): Promise<void> {
    this.#search?.abort();
    const { query } = this;
    this.problem = null;
    if (query.trim() === '') {
      this.result = null;
      this.searching = false;
      return;
    }
    const search = new AbortController();
    this.#search = search;
    this.searching = true;
    try {
      const found = await (await this.#ports.conversations()).search(search.signal, query, MOST_FOUND);
      if (search.signal.aborted) return;
      if (found.ok) this.result = found.value;
      else this.problem = found.error;
    } catch (thrown) {
      if (search.signal.aborted) return;
      this.problem = failure('storage-unavailable', { reason: 'code-not-fetched' }, failureOf(thrown));
    }
    this.searching = false;
  }

  clear(): Promise<void> {
    this.query = '';
    return this.search();
  }
}
