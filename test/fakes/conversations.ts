import type { Conversation } from '#contracts/conversation';
import type { Deliberation } from '#contracts/deliberation';
import { newConversation, withTurn, type NextTurn } from '../../src/council/conversation.ts';
import { deliberation } from './deliberations.ts';

/** A round in which both members said the same to this question. */
export function roundOf(id: string, prompt: string, answer: string, askedAt = 100): Deliberation {
  const plain = deliberation(id, askedAt, { prompt, answer, key: answer });
  return { ...plain, members: plain.members.map((member) => ({ ...member, answer, key: answer })) };
}

/** The conversation with one turn more. @throws Error when it has no room for it */
export function grown(
  conversation: Conversation,
  turnId: string,
  next: Partial<NextTurn>,
  record: Deliberation,
): Conversation {
  const added = withTurn(
    conversation,
    turnId,
    { parentId: conversation.headId, kind: 'ask', ...next },
    record,
  );
  if (!added.ok) throw new Error(JSON.stringify(added.error));
  return added.value;
}

/** Turns `t1`, `t2` … that follow each other, with rounds `r1`, `r2` … */
export function conversation(id: string, turns: number): Conversation {
  return Array.from({ length: turns }, (_, n) => n + 1).reduce(
    (so, n) =>
      grown(
        so,
        `t${String(n)}`,
        {},
        roundOf(`r${String(n)}`, `question ${String(n)}`, `answer ${String(n)}`, n),
      ),
    newConversation(id, 1),
  );
}
