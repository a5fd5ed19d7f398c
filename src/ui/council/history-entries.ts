import type { Conversation } from '#contracts/conversation';
import type { Deliberation } from '#contracts/deliberation';

/** A conversation of several questions, or a round that was asked by itself. */
export type HistoryEntry =
  | {
      readonly kind: 'conversation';
      readonly id: string;
      readonly atMs: number;
      readonly conversation: Conversation;
    }
  | { readonly kind: 'round'; readonly id: string; readonly atMs: number; readonly record: Deliberation };

/** Newest first; a round that is a turn of a listed conversation stands in that. */
export function historyEntries(
  records: readonly Deliberation[],
  conversations: readonly Conversation[],
): readonly HistoryEntry[] {
  const turns = new Set(conversations.flatMap((each) => each.turns.map((turn) => turn.deliberationId)));
  const alone = records.filter(({ id }) => !turns.has(id));
  return [
    ...conversations.map((conversation): HistoryEntry => ({
      kind: 'conversation',
      id: conversation.id,
      atMs: lastAsked(conversation),
      conversation,
    })),
    ...alone.map((record): HistoryEntry => ({ kind: 'round', id: record.id, atMs: record.askedAt, record })),
  ].sort((a, b) => b.atMs - a.atMs);
}

/** Ids of the records that an entry stands for. */
export function recordsOf(entry: HistoryEntry): readonly string[] {
  if (entry.kind === 'round') return [entry.id];
  return [...new Set(entry.conversation.turns.map(({ deliberationId }) => deliberationId))];
}

function lastAsked({ turns, createdAt }: Conversation): number {
  return turns.length === 0 ? createdAt : Math.max(...turns.map(({ askedAt }) => askedAt));
}
