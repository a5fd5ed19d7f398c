import { err } from '#kernel/result';
import type { Deliberation } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import type { HistoryPort, Unsubscribe } from '#contracts/ports';
import type { DeliberationStore } from '../storage/deliberation-store.ts';
import type { TabChannel } from '../platform/tab-channel.ts';

/**
 * The history of rounds for the page; tells this tab and the others when it changed. The store's code comes with the first
 * call; while it cannot be fetched, every call fails with storage-unavailable.
 */
export class HistoryService implements HistoryPort {
  readonly #open: () => Promise<DeliberationStore>;
  readonly #channel: TabChannel;

  constructor(open: () => Promise<DeliberationStore>, channel: TabChannel) {
    this.#open = open;
    this.#channel = channel;
  }

  async persistent(): Promise<boolean> {
    return this.#open().then(
      (store) => store.persistent,
      () => false,
    );
  }

  async keep(record: Deliberation): Promise<Outcome<null>> {
    return this.#changing((store) => store.put(record));
  }

  async list(limit: number): Promise<Outcome<readonly Deliberation[]>> {
    return this.#with((store) => store.list(limit));
  }

  async get(id: string): Promise<Outcome<Deliberation>> {
    return this.#with((store) => store.get(id));
  }

  async rate(id: string, rating: 'good' | 'bad'): Promise<Outcome<Deliberation>> {
    return this.#changing((store) => store.rate(id, rating));
  }

  async remove(id: string): Promise<Outcome<null>> {
    return this.#changing((store) => store.remove(id));
  }

  subscribe(listener: () => void): Unsubscribe {
    return this.#channel.subscribe(listener);
  }

  async #changing<T>(change: (store: DeliberationStore) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const result = await this.#with(change);
    this.#channel.announce();
    return result;
  }

  async #with<T>(use: (store: DeliberationStore) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    let store: DeliberationStore;
    try {
      store = await this.#open();
    } catch (thrown) {
      return err(failure('storage-unavailable', { reason: 'code-not-fetched' }, thrown));
    }
    return use(store);
  }
}
