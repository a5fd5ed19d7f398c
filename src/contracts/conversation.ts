import * as v from 'valibot';
import { MOST_MEMBERS } from './settings.ts';

/**
 * What a member is shown as the answer to an earlier question. own: what it said itself · council: what the council
 * answered · none: every question stands alone.
 */
export const HISTORY_VIEWS = ['own', 'council', 'none'] as const;
export type HistoryView = (typeof HISTORY_VIEWS)[number];

/** ask: a new question · edit: another wording of an earlier one · retry: the same question once more. */
export const TURN_KINDS = ['ask', 'edit', 'retry'] as const;
export type TurnKind = (typeof TURN_KINDS)[number];

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const text = v.pipe(v.string(), v.maxLength(20_000));
const epochMs = v.pipe(v.number(), v.finite());

/** A member's own words in a turn; members without any are left out. */
export const TurnAnswerSchema = v.object({ memberId: id, answer: text });

/** One question of a conversation and what became of it. */
export const TurnSchema = v.object({
  id,
  /** The turn before; null: the first. Turns with the same parent are branches. */
  parentId: v.nullable(id),
  kind: v.picklist(TURN_KINDS),
  /** The record of the round, in the history. */
  deliberationId: id,
  askedAt: epochMs,
  prompt: text,
  /** The council's answer; null where there was none. */
  answer: v.nullable(text),
  /** Kept here too, so that the conversation goes on when its records were removed from the history. */
  answers: v.pipe(v.array(TurnAnswerSchema), v.maxLength(8 * MOST_MEMBERS)),
});
export type Turn = v.InferOutput<typeof TurnSchema>;

/** More than anybody asks in one conversation: at two kilobytes a turn the record stays at two megabytes. */
export const MOST_TURNS = 1_000;

/** A conversation: a tree of turns, and the one that the next question follows. */
export const ConversationSchema = v.pipe(
  v.object({
    schema: v.literal('witan.conversation'),
    version: v.literal(1),
    id,
    title: text,
    createdAt: epochMs,
    updatedAt: epochMs,
    view: v.picklist(HISTORY_VIEWS),
    /** Parents before their children. */
    turns: v.pipe(v.array(TurnSchema), v.maxLength(MOST_TURNS)),
    /** The turn that a follow-up follows; null: the conversation begins anew. */
    headId: v.nullable(id),
  }),
  v.check(({ turns, headId }) => isTree(turns, headId), 'turns are no tree'),
);
export type Conversation = v.InferOutput<typeof ConversationSchema>;

/** Every parent stands before its child, so there is no way round in circles. */
function isTree(turns: readonly Turn[], headId: string | null): boolean {
  const seen = new Set<string>();
  for (const turn of turns) {
    if (seen.has(turn.id) || (turn.parentId !== null && !seen.has(turn.parentId))) return false;
    seen.add(turn.id);
  }
  return headId === null || seen.has(headId);
}

/**
 * Where the words of a query stand: question: all of them in it · answer: in it and the council's answer · members: some only
 * in what a member said.
 */
export type FoundPlace = 'question' | 'answer' | 'members';

/** A record that the search found, best first. */
export interface FoundRecord {
  readonly id: string;
  readonly askedAt: number;
  readonly prompt: string;
  readonly answer: string | null;
  readonly place: FoundPlace;
  /** Higher is better; comparable within one search. */
  readonly score: number;
}

export interface FoundRecords {
  readonly found: readonly FoundRecord[];
  /** Records that matched, also those beyond the limit. */
  readonly matches: number;
  /** Records looked at. */
  readonly searched: number;
  /** False: time ran out, and older records were not looked at. */
  readonly complete: boolean;
}
