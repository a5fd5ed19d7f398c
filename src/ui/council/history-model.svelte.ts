import type { Deliberation } from '#contracts/deliberation';
import type { WitanFailure } from '#contracts/errors';
import type { HistoryPort } from '#contracts/ports';

/** Records listed at first, and how many "Show more" adds. */
const PAGE_LENGTH = 30;

/** The list of past rounds. Newest first. */
export class HistoryModel {
  records = $state.raw<readonly Deliberation[] | null>(null);
  /** False where the browser keeps nothing; null until known. */
  persistent = $state<boolean | null>(null);
  problem = $state.raw<WitanFailure | null>(null);
  /** Whether older records may exist beyond those listed. */
  more = $state(false);
  /** The record whose removal waits for a second click. */
  removing = $state<string | null>(null);

  readonly #history: HistoryPort;
  #limit = PAGE_LENGTH;

  constructor(history: HistoryPort) {
    this.#history = history;
  }

  connect(): () => void {
    void this.#history.persistent().then((persistent) => {
      this.persistent = persistent;
    });
    void this.refresh();
    return this.#history.subscribe(() => void this.refresh());
  }

  async refresh(): Promise<void> {
    const listed = await this.#history.list(this.#limit);
    if (listed.ok) {
      this.records = listed.value;
      this.more = listed.value.length === this.#limit;
      this.problem = null;
    } else {
      this.problem = listed.error;
    }
  }

  showMore(): Promise<void> {
    this.#limit += PAGE_LENGTH;
    return this.refresh();
  }

  async remove(id: string): Promise<void> {
    this.removing = null;
    const removed = await this.#history.remove(id);
    if (!removed.ok) this.problem = removed.error;
    await this.refresh();
  }
}
