import type { Conversation, Turn } from '#contracts/conversation';

/**
 * Two copies of one conversation made one: the turns of both, each once. Title, view and head are those of the copy that
 * was changed later; ours where both are equally old. Merging again changes nothing.
 */
export function mergeConversations(
  ours: Conversation,
  theirs: Conversation,
): { readonly record: Conversation; readonly conflict: boolean } {
  const later = theirs.updatedAt > ours.updatedAt ? theirs : ours;
  const known = new Map(ours.turns.map((turn) => [turn.id, turn]));
  // In either list parents stand before children, so what is added after ours stands after its parents too.
  const added = theirs.turns.filter(({ id }) => !known.has(id));
  const record = {
    ...later,
    createdAt: Math.min(ours.createdAt, theirs.createdAt),
    turns: [...ours.turns, ...added],
  };
  return { record, conflict: theirs.turns.some((turn) => differs(known.get(turn.id), turn)) };
}

/** A turn never changes: two of one id that do not say the same are of no one conversation. */
function differs(ours: Turn | undefined, theirs: Turn): boolean {
  return (
    ours !== undefined &&
    (ours.parentId !== theirs.parentId ||
      ours.deliberationId !== theirs.deliberationId ||
      ours.prompt !== theirs.prompt ||
      ours.answer !== theirs.answer)
  );
}
