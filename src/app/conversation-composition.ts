import type { Clock } from '#kernel/clock';
import { ok } from '#kernel/result';
import type { MemberManner } from '#contracts/council';
import type { Outcome } from '#contracts/errors';
import { TabChannel } from '../platform/tab-channel.ts';
import { ConversationStore } from '../storage/conversation-store.ts';
import type { WitanDatabase } from '../storage/database.ts';
import type { DeliberationStore } from '../storage/deliberation-store.ts';
import { ConversationService, type ConversationPorts, type HistoryReader } from './conversation-service.ts';

export interface ConversationParts {
  readonly clock: Clock;
  readonly appVersion: string;
  readonly ask: ConversationPorts['ask'];
  /** The members as they are appointed. */
  readonly members: (
    signal: AbortSignal,
  ) => Promise<Outcome<readonly { readonly id: string; readonly manner?: MemberManner }[]>>;
  readonly database: Promise<WitanDatabase | null>;
  /** The history's own: what that could not store lies in its memory. */
  readonly deliberations: () => Promise<DeliberationStore>;
  readonly historyChanged: () => void;
}

/**
 * Members that want an instruction were made for conversations; the bundled ones were trained on bare questions, and have
 * room for little else.
 */
export function historyReader({
  id,
  manner,
}: {
  readonly id: string;
  readonly manner?: MemberManner;
}): HistoryReader {
  return {
    id,
    promptLimit: manner?.promptLimit ?? 0,
    followsConversations: manner !== undefined && manner.system !== null,
  };
}

/** Builds the conversations of the app. */
export function composeConversations(parts: ConversationParts): ConversationService {
  const { clock, appVersion, ask, members, deliberations, historyChanged } = parts;
  const conversations = parts.database.then((database) => new ConversationStore(database));
  return new ConversationService({
    clock,
    appVersion,
    newId: () => crypto.randomUUID(),
    ask,
    readers: async (signal) => {
      const seated = await members(signal);
      return seated.ok ? ok(seated.value.map(historyReader)) : seated;
    },
    deliberations,
    conversations: () => conversations,
    channel: new TabChannel('witan.conversations'),
    historyChanged,
  });
}
