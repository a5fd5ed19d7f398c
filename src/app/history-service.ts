import { err } from '#kernel/result';
import type { Deliberation } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';
import type { HistoryPort, Unsubscribe } from '#contracts/ports';
import type { DeliberationStore } from '../storage/deliberation-store.ts';
import type { TabChannel } from '../platform/tab-channel.ts';

type ForgetAnswer = (store: Pick<DeliberationStore, 'get'>, recordId: string) => Promise<Outcome<null>>;

/**
 * The history of rounds for the page; tells this tab and the others when it changed. The store's code comes with the first
 * call; while it cannot be fetched, every call fails with storage-unavailable.
 */
export class HistoryService implements HistoryPort {
  readonly #open: () => Promise<DeliberationStore>;
  readonly #channel: TabChannel;
  readonly #forget: ForgetAnswer;

  /** @param forget drops what else is kept of a record's answer; rejects while its code cannot be fetched */
  constructor(open: () => Promise<DeliberationStore>, channel: TabChannel, forget: ForgetAnswer) {
    this.#open = open;
    this.#channel = channel;
    this.#forget = forget;
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
    const rate = (store: DeliberationStore): Promise<Outcome<Deliberation>> => store.rate(id, rating);
    return rating === 'bad' ? this.#forgetting(id, rate) : this.#changing(rate);
  }

  async remove(id: string): Promise<Outcome<null>> {
    return this.#forgetting(id, (store) => store.remove(id));
  }

  subscribe(listener: () => void): Unsubscribe {
    return this.#channel.subscribe(listener);
  }

  /** First, so that an answer that the user wants gone never outlives its record. */
  #forgetting<T>(id: string, change: (store: DeliberationStore) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    return this.#changing(async (store) => {
      const forgotten = await this.#forget(store, id);
      return forgotten.ok ? change(store) : forgotten;
    });
  }

  async #changing<T>(change: (store: DeliberationStore) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const result = await this.#with(change);
    this.#channel.announce();
    return result;
  }

  async #with<T>(use: (store: DeliberationStore) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    try {
      return await use(await this.#open());
    } catch (thrown) {
      return err(failure('storage-unavailable', { reason: 'code-not-fetched' }, thrown));
    }
  }
}
