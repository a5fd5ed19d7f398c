import type { ConversationPort } from '#contracts/conversation-port';
import type { WitanFailure } from '#contracts/errors';
import type { HistoryPort, WitanPorts } from '#contracts/ports';
import { historyEntries, recordsOf, type HistoryEntry } from './history-entries.ts';

/** Records listed at first, and how many "Show more" adds. */
const PAGE_LENGTH = 30;

/** The list of conversations and single rounds. Newest first. */
export class HistoryModel {
  entries = $state.raw<readonly HistoryEntry[] | null>(null);
  /** False where the browser keeps nothing; null until known. */
  persistent = $state<boolean | null>(null);
  problem = $state.raw<WitanFailure | null>(null);
  /** Whether older entries may exist beyond those listed. */
  more = $state(false);
  /** The entry whose removal waits for a second click. */
  removing = $state<string | null>(null);

  readonly #history: HistoryPort;
  readonly #ports: Pick<WitanPorts, 'conversations'>;
  #limit = PAGE_LENGTH;
  /** Of two that overlap the later one counts. */
  #refreshes = 0;

  constructor(ports: Pick<WitanPorts, 'history' | 'conversations'>) {
    this.#history = ports.history;
    this.#ports = ports;
  }

  connect(): () => void {
    void this.#history.persistent().then((persistent) => {
      this.persistent = persistent;
    });
    void this.refresh();
    const leave = [this.#history.subscribe(() => void this.refresh())];
    let gone = false;
    void this.#port().then((port) => {
      if (!gone && port !== null) leave.push(port.subscribe(() => void this.refresh()));
    });
    return () => {
      gone = true;
      for (const each of leave) each();
    };
  }

  async refresh(): Promise<void> {
    const turn = (this.#refreshes += 1);
    const [records, conversations] = await Promise.all([
      this.#history.list(this.#limit),
      this.#port().then((port) => port?.list(this.#limit) ?? null),
    ]);
    if (turn !== this.#refreshes) return;
    if (!records.ok) {
      this.problem = records.error;
      return;
    }
    // Without them the rounds are all there, each by itself.
    const known = conversations?.ok === true ? conversations.value : [];
    this.entries = historyEntries(records.value, known);
    this.more = records.value.length === this.#limit || known.length === this.#limit;
    this.problem = conversations?.ok === false ? conversations.error : null;
  }

  showMore(): Promise<void> {
    this.#limit += PAGE_LENGTH;
    return this.refresh();
  }

  /** A conversation goes with the records of its rounds. */
  async remove(entry: HistoryEntry): Promise<void> {
    this.removing = null;
    for (const id of recordsOf(entry)) {
      const removed = await this.#history.remove(id);
      if (!removed.ok) {
        this.problem = removed.error;
        return;
      }
    }
    if (entry.kind === 'conversation') {
      const removed = (await (await this.#port())?.remove(entry.id)) ?? null;
      if (removed?.ok === false) this.problem = removed.error;
    }
    await this.refresh();
  }

  /** Null where its code cannot be fetched. */
  #port(): Promise<ConversationPort | null> {
    return this.#ports.conversations().catch(() => null);
  }
}
