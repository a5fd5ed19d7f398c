import type { HistoryView, Turn } from '#contracts/conversation';
import type { CouncilMember } from '#contracts/council';
import type { ChatTurn, GenerateRequest } from '#contracts/engine';
import { memberHistory } from '../conversation.ts';

/** What stands before a question. */
export type Prefix = Pick<GenerateRequest, 'system' | 'history'>;

export interface Expectation {
  /** The turns that the next question would follow; empty: it stands alone. */
  readonly path: readonly Turn[];
  readonly view: HistoryView;
  /** Whether the next question asks for a number, a word or the like; best guess: as the last one did. */
  readonly shortAnswer: boolean;
  readonly abstain: string;
}

/**
 * Share of the context that is kept for a question nobody has typed yet: half of the room for question and history. A longer
 * one pushes the oldest turns out of the history, and what was read ahead is then of no use.
 */
const QUESTION_SHARE = 0.5;

/**
 * What each member would be sent before the next question: its instruction, and the conversation under way as it is shown
 * it. Members with neither have no prefix and are left out.
 */
export function likelyPrefixes(
  members: readonly Pick<CouncilMember, 'id' | 'manner'>[],
  { path, view, shortAnswer, abstain }: Expectation,
): ReadonlyMap<string, Prefix> {
  const prefixes = new Map<string, Prefix>();
  for (const { id, manner } of members) {
    const system = manner?.system?.(shortAnswer, abstain);
    // A member without an instruction was made for bare questions (`ConversationService`, `followsConversations`).
    const characters = system === undefined ? 0 : Math.floor((manner?.promptLimit ?? 0) * QUESTION_SHARE);
    const { turns } = memberHistory(path, id, { view, characters });
    if (system === undefined && turns.length === 0) continue;
    prefixes.set(id, {
      ...(system === undefined ? {} : { system }),
      ...(turns.length === 0 ? {} : { history: turns }),
    });
  }
  return prefixes;
}

/** What an engine has read last: its cache holds these tokens, and for the next prompt those at its beginning count. */
export interface LastRead extends Prefix {
  /** Null: it read the prefix alone. */
  readonly exchange: { readonly prompt: string; readonly answer: string } | null;
}

/** Whether all of the prefix stands at the beginning of what was read last: reading it again would change nothing. */
export function isRead({ system, history = [] }: Prefix, last: LastRead | undefined): boolean {
  if (last?.system !== system || last === undefined) return false;
  const read: readonly ChatTurn[] = [
    ...(last.history ?? []),
    ...(last.exchange === null
      ? []
      : [
          { role: 'user', content: last.exchange.prompt } as const,
          { role: 'assistant', content: last.exchange.answer } as const,
        ]),
  ];
  return history.every(({ role, content }, at) => read[at]?.role === role && read[at].content === content);
}
