import { err, ok } from '#kernel/result';
import {
  MOST_TURNS,
  type Conversation,
  type HistoryView,
  type Turn,
  type TurnKind,
} from '#contracts/conversation';
import type { Deliberation, MemberHistory } from '#contracts/deliberation';
import { failure, type Outcome } from '#contracts/errors';

/**
 * Members see what they said themselves. Shown the council's answer they would agree with it more than they do, and a vote
 * is worth something only as far as its errors are independent (research: council, A10: debate brought three small models
 * below their best one). It is also what their engine still has in its cache, word for word. A follow-up that speaks of the
 * answer on the page is better served by `council`.
 */
export const DEFAULT_VIEW: HistoryView = 'own';

const TITLE_LIMIT = 80;

/** A conversation without turns. @param nowMs epoch */
export function newConversation(id: string, nowMs: number, view: HistoryView = DEFAULT_VIEW): Conversation {
  return {
    schema: 'witan.conversation',
    version: 1,
    id,
    title: '',
    createdAt: nowMs,
    updatedAt: nowMs,
    view,
    turns: [],
    headId: null,
  };
}

/** What is asked next: after which turn, and as what. */
export interface NextTurn {
  readonly parentId: string | null;
  readonly kind: TurnKind;
  readonly prompt: string;
}

export const followUp = ({ headId }: Conversation, prompt: string): NextTurn => ({
  parentId: headId,
  kind: 'ask',
  prompt,
});

/** Another wording of a turn: a branch beside it, with nothing of it or after it in view. Errors: usage (no such turn). */
export function edited(conversation: Conversation, turnId: string, prompt: string): Outcome<NextTurn> {
  const turn = conversation.turns.find(({ id }) => id === turnId);
  if (turn === undefined) return err(failure('usage', { reason: 'turn-unknown' }));
  return ok({ parentId: turn.parentId, kind: 'edit', prompt });
}

/** The same question once more, as a branch. Errors: usage (no such turn). */
export function retried(conversation: Conversation, turnId: string): Outcome<NextTurn> {
  const turn = conversation.turns.find(({ id }) => id === turnId);
  if (turn === undefined) return err(failure('usage', { reason: 'turn-unknown' }));
  return ok({ parentId: turn.parentId, kind: 'retry', prompt: turn.prompt });
}

/**
 * The conversation with one turn more, which the next question follows.
 * Errors: usage (its parent is not there, or the turn is there already), record-invalid with reason `full`.
 */
export function withTurn(
  conversation: Conversation,
  turnId: string,
  next: Omit<NextTurn, 'prompt'>,
  record: Deliberation,
): Outcome<Conversation> {
  const { turns } = conversation;
  const known = (id: string): boolean => turns.some((turn) => turn.id === id);
  if (known(turnId)) return err(failure('usage', { reason: 'turn-known' }));
  if (next.parentId !== null && !known(next.parentId))
    return err(failure('usage', { reason: 'turn-unknown' }));
  if (turns.length >= MOST_TURNS)
    return err(failure('record-invalid', { reason: 'full', limit: MOST_TURNS }));
  const turn: Turn = {
    id: turnId,
    parentId: next.parentId,
    kind: next.kind,
    deliberationId: record.id,
    askedAt: record.askedAt,
    prompt: record.prompt,
    answer: record.answer,
    answers: record.members.flatMap(({ id, status, answer }) =>
      SAID.has(status) && answer.trim() !== '' ? [{ memberId: id, answer: answer.trim() }] : [],
    ),
  };
  const title = conversation.title === '' ? titleOf(record.prompt) : conversation.title;
  return ok(changed({ ...conversation, title, turns: [...turns, turn], headId: turnId }, record.askedAt));
}

/** Words that a member may be reminded of: whole ones. What was cut off is no sentence to go on from. */
const SAID = new Set<Deliberation['members'][number]['status']>(['answered', 'abstained', 'late']);

function titleOf(prompt: string): string {
  const letters = [...prompt];
  return letters.length <= TITLE_LIMIT ? prompt : `${letters.slice(0, TITLE_LIMIT - 1).join('')}…`;
}

/** A conversation whose next question follows this turn. @param nowMs epoch. Errors: usage (no such turn). */
export function turnedTo(conversation: Conversation, turnId: string, nowMs: number): Outcome<Conversation> {
  if (!conversation.turns.some(({ id }) => id === turnId))
    return err(failure('usage', { reason: 'turn-unknown' }));
  return ok(changed({ ...conversation, headId: turnId }, nowMs));
}

/** What members are shown from now on. @param nowMs epoch */
export function viewedAs(conversation: Conversation, view: HistoryView, nowMs: number): Conversation {
  return changed({ ...conversation, view }, nowMs);
}

/** Later than it was, also when the wall clock was set back: of two copies the later one counts. */
function changed(conversation: Conversation, nowMs: number): Conversation {
  return { ...conversation, updatedAt: Math.max(conversation.updatedAt + 1, nowMs) };
}

/**
 * Characters that a chat template puts around a question and its answer, at one token a character: ChatML and Llama 3 take
 * five tokens around each message (read in their templates), and a new line.
 */
export const TURN_OVERHEAD = 12;

export interface HistoryBudget {
  readonly view: HistoryView;
  /** Characters of earlier turns that leave room for the question, the instruction and the answer. */
  readonly characters: number;
}

/**
 * What a member is shown of the turns before the question. A turn goes in whole or not at all, the newest first, until one
 * has no room: that one and all before it are left out, so that what is shown is one piece of the conversation that ends
 * with the question. Where the member said nothing, it is shown the council's answer; a turn without any answer is left out
 * too. `shown + leftOut` is the number of turns, save for the view `none`, which shows nothing and leaves out nothing.
 */
export function memberHistory(
  path: readonly Pick<Turn, 'prompt' | 'answer' | 'answers'>[],
  memberId: string,
  budget: HistoryBudget,
): MemberHistory {
  if (budget.view === 'none') return { turns: [], shown: 0, leftOut: 0 };
  const shown: { readonly question: string; readonly answer: string }[] = [];
  let room = budget.characters;
  for (const { prompt, answer: councils, answers } of [...path].reverse()) {
    const own = answers.find((said) => said.memberId === memberId)?.answer ?? null;
    const answer = budget.view === 'own' ? (own ?? councils) : (councils ?? own);
    if (answer === null || answer === '') continue;
    room -= prompt.length + answer.length + TURN_OVERHEAD;
    if (room < 0) break;
    shown.push({ question: prompt, answer });
  }
  return {
    turns: shown
      .reverse()
      .flatMap(({ question, answer }) => [
        { role: 'user', content: question } as const,
        { role: 'assistant', content: answer } as const,
      ]),
    shown: shown.length,
    leftOut: path.length - shown.length,
  };
}
