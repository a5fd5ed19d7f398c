import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import { attempt, inJournal } from './store-failure.ts';
import type { StoreParts } from './store-parts.ts';

/**
 * Takes the bytes of deleted files away, of those that nobody reads or writes; the others wait for the next call. First
 * the journal forgets the chunks, then the bytes go, then the record: whatever ends this in between, the journal never
 * promises what is gone, and a file that was asked for again meanwhile is only empty.
 * Errors: storage-failed, storage-full (those of one file; the others are done all the same).
 * @returns bytes given back
 */
export async function reclaimTombstones(
  parts: StoreParts,
): Promise<Outcome<{ readonly freedBytes: number }>> {
  const files = await attempt('reclaim', () => parts.journal.read((view) => view.files()));
  if (!files.ok) return files;
  let freedBytes = 0;
  let failed: Outcome<never> | null = null;
  for (const { id, state } of files.value) {
    if (state !== 'tombstone') continue;
    const freed = await reclaimFile(parts, id);
    if (freed.ok) freedBytes += freed.value;
    else failed = freed;
  }
  return failed ?? ok({ freedBytes });
}

async function reclaimFile(parts: StoreParts, id: string): Promise<Outcome<number>> {
  const { journal, ledger, bytes } = parts;
  const release = await parts.locks.tryAlone(id);
  if (release === null) return ok(0);
  try {
    const emptied = await inJournal(journal, 'reclaim', async (editor) => {
      const file = await ledger.known(editor, id);
      if (file?.record.state !== 'tombstone') return ok(null);
      const heldBytes = Math.max(file.record.allocatedBytes, file.table?.keptBytes() ?? 0);
      ledger.empty(editor, file, []);
      return ok(heldBytes);
    });
    if (!emptied.ok) return emptied;
    if (emptied.value === null) return ok(0);
    const removed = await attempt('reclaim', () => bytes.remove(id));
    if (!removed.ok) return removed;
    const freed = emptied.value;
    return await inJournal(journal, 'reclaim', async (editor) => {
      const record = await editor.file(id);
      if (record?.state === 'tombstone') editor.dropFile(id);
      else if (record !== null) editor.putFile({ ...record, allocatedBytes: 0 });
      return ok(freed);
    });
  } finally {
    release();
  }
}
