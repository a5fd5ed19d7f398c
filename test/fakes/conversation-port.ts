import type { Clock } from '#kernel/clock';
import { ok } from '#kernel/result';
import type { ConversationPort } from '#contracts/conversation-port';
import type { Deliberation } from '#contracts/deliberation';
import type { CouncilPort } from '#contracts/ports';
import { ConversationService, type HistoryReader } from '../../src/app/conversation-service.ts';
import { lazily } from '../../src/app/lazily.ts';
import { ConversationStore } from '../../src/storage/conversation-store.ts';
import { DeliberationStore } from '../../src/storage/deliberation-store.ts';

export interface ConversationScript {
  readonly clock: Clock;
  readonly council: Pick<CouncilPort, 'ask'>;
  /** Rounds of the history at first. */
  readonly records?: readonly Deliberation[];
  readonly readers?: () => readonly HistoryReader[];
  readonly historyChanged?: () => void;
}

/** The app's own service over a scripted council, in memory; built with the first call. */
export class FakeConversations {
  /** Set: its code cannot be fetched. */
  failure: Error | null = null;
  readonly open: () => Promise<ConversationPort>;

  constructor(script: () => ConversationScript) {
    const built = lazily(async () => conversationPort(script()));
    this.open = async () => {
      if (this.failure !== null) throw this.failure;
      return built();
    };
  }
}

function conversationPort(script: ConversationScript): ConversationPort {
  const { clock, council, records = [], readers = () => [], historyChanged = () => undefined } = script;
  const deliberations = new DeliberationStore(null);
  const conversations = new ConversationStore(null);
  const seeded = Promise.all(records.map((record) => deliberations.put(record)));
  const listeners = new Set<() => void>();
  let ids = 0;
  return new ConversationService({
    clock,
    appVersion: '1.0.0',
    newId: () => `talk-${String((ids += 1))}`,
    ask: async (signal, prompt, options) => {
      const asked = await council.ask(signal, prompt, options);
      if (!asked.ok) return asked;
      const { threadId } = options;
      const record = threadId === undefined ? asked.value : { ...asked.value, threadId };
      await deliberations.put(record);
      return ok(record);
    },
    readers: () => Promise.resolve(ok(readers())),
    deliberations: async () => {
      await seeded;
      return deliberations;
    },
    conversations: () => Promise.resolve(conversations),
    channel: {
      announce: () => {
        for (const listener of listeners) listener();
      },
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    historyChanged,
  });
}
