/** What can wait in the queue. */
export interface Queued {
  readonly modelId: string;
  /** Served in ascending order (`serviceKeyMs`); equal ones in the order they came. */
  readonly keyMs: number;
  /** Counts requests. */
  readonly order: number;
}

function isBefore(a: Queued, b: Queued): boolean {
  return a.keyMs === b.keyMs ? a.order < b.order : a.keyMs < b.keyMs;
}

/**
 * Requests that wait, by model and in the order of service: a bounded queue, so that too much work is refused where it
 * comes in and never piles up behind. Sorted arrays: at the few hundred places that there are, a heap is no faster, and the
 * place of a request is its index.
 */
export class RequestQueue<Item extends Queued> {
  readonly limit: number;
  readonly #lanes = new Map<string, Item[]>();
  #depth = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get depth(): number {
    return this.#depth;
  }

  /** @returns false: it is full, and nothing was changed */
  offer(item: Item): boolean {
    if (this.#depth >= this.limit) return false;
    this.putBack(item);
    return true;
  }

  /** Takes in, full or not, what had its place before. */
  putBack(item: Item): void {
    const lane = this.#lanes.get(item.modelId) ?? [];
    this.#lanes.set(item.modelId, lane);
    let low = 0;
    let high = lane.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = lane[middle];
      if (other !== undefined && isBefore(other, item)) low = middle + 1;
      else high = middle;
    }
    lane.splice(low, 0, item);
    this.#depth += 1;
  }

  /** @returns whether it was there */
  remove(item: Item): boolean {
    const lane = this.#lanes.get(item.modelId);
    const at = lane?.indexOf(item) ?? -1;
    if (lane === undefined || at < 0) return false;
    lane.splice(at, 1);
    if (lane.length === 0) this.#lanes.delete(item.modelId);
    this.#depth -= 1;
    return true;
  }

  /** All that wait for a model, in the order of service. */
  of(modelId: string): readonly Item[] {
    return this.#lanes.get(modelId) ?? [];
  }

  /** Models for which something waits, the most urgent first. */
  models(): readonly string[] {
    return [...this.#lanes.values()]
      .flatMap(([head]) => head ?? [])
      .sort((a, b) => (isBefore(a, b) ? -1 : 1))
      .map(({ modelId }) => modelId);
  }

  all(): readonly Item[] {
    return [...this.#lanes.values()].flat();
  }
}
