import type { Deliberation } from '#contracts/deliberation';
import type { Outcome } from '#contracts/errors';
import type { HistoryPort, Unsubscribe } from '#contracts/ports';
import type { DeliberationStore } from '../storage/deliberation-store.ts';
import type { TabChannel } from '../platform/tab-channel.ts';

/** The history of rounds for the page; tells this tab and the others when it changed. */
export class HistoryService implements HistoryPort {
  readonly #store: Promise<DeliberationStore>;
  readonly #channel: TabChannel;

  constructor(store: Promise<DeliberationStore>, channel: TabChannel) {
    this.#store = store;
    this.#channel = channel;
  }

  async persistent(): Promise<boolean> {
    return (await this.#store).persistent;
  }

  async keep(record: Deliberation): Promise<Outcome<null>> {
    return this.#changing((store) => store.put(record));
  }

  async list(limit: number): Promise<Outcome<readonly Deliberation[]>> {
    return (await this.#store).list(limit);
  }

  async get(id: string): Promise<Outcome<Deliberation>> {
    return (await this.#store).get(id);
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

  async #changing<T>(change: (store: DeliberationStore) => Promise<T>): Promise<T> {
    const result = await change(await this.#store);
    this.#channel.announce();
    return result;
  }
}
