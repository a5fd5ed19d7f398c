import type { Conversation, Turn } from './conversation.ts';

/** The turns from the first to `headId`, oldest first; empty for null and for one that is not there. */
export function pathTo({ turns }: Conversation, headId: string | null): readonly Turn[] {
  const byId = new Map(turns.map((turn) => [turn.id, turn]));
  const path: Turn[] = [];
  for (let turn = byId.get(headId ?? ''); turn !== undefined; turn = byId.get(turn.parentId ?? '')) {
    path.push(turn);
  }
  return path.reverse();
}

/** The turns that take the place of `turnId`, itself among them, in the order in which they were asked. */
export function branchesOf({ turns }: Conversation, turnId: string): readonly Turn[] {
  const turn = turns.find(({ id }) => id === turnId);
  return turn === undefined ? [] : turns.filter(({ parentId }) => parentId === turn.parentId);
}

/** Where the branch of this turn ends: of several that follow one turn the newest counts. Itself where nothing follows. */
export function newestAfter({ turns }: Conversation, turnId: string): string {
  // Children stand after their parents, so the last child that is met is the newest, and its own come after it.
  const newest = new Map<string | null, string>();
  for (const { id, parentId } of turns) newest.set(parentId, id);
  let end = turnId;
  for (let next = newest.get(end); next !== undefined; next = newest.get(end)) end = next;
  return end;
}
