import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { KnownFile, LostChunk } from './file-ledger.ts';
import { rangeOf } from './chunk-geometry.ts';
import { reclaimTombstones } from './reclaim.ts';
import { attempt } from './store-failure.ts';
import type { StoreParts } from './store-parts.ts';

/** What opening the store found. */
export interface Recovery {
  /** Files whose bytes are shorter than the journal says, or gone. */
  readonly lostFiles: readonly string[];
  readonly lostChunks: number;
  /** Files of bytes that no record speaks of; removed. */
  readonly strayFiles: number;
}

/**
 * Compares the journal with the bytes. Chunks behind the end of their file are lost and said so; that is also so while
 * somebody else writes, because a file is never shorter than what the journal says of it, and nobody is kept from writing
 * by a tab that opens. Nothing is hashed here: every read is checked anyway.
 * Errors: storage-failed, storage-full.
 */
export async function recover(parts: StoreParts): Promise<Outcome<Recovery>> {
  // Listed before the journal is read: a file that is begun in between has its record first, so it is no stray.
  const before = await attempt('recover', () => parts.bytes.list());
  if (!before.ok) return before;
  const known = await attempt('recover', () =>
    parts.journal.read(async (view) => ({
      files: await view.files(),
      unreadable: (await view.unreadable()).files,
    })),
  );
  if (!known.ok) return known;
  const names = new Set([...known.value.files.map(({ id }) => id), ...known.value.unreadable]);
  const strays = before.value.filter(({ name }) => !names.has(name));
  for (const { name } of strays) await removeStray(parts, name);

  const lostFiles: string[] = [];
  let lostChunks = 0;
  for (const { id, state } of known.value.files) {
    if (state === 'tombstone' || state === 'new') continue;
    const lost = await compare(parts, id);
    if (!lost.ok) return lost;
    if (lost.value > 0) lostFiles.push(id);
    lostChunks += lost.value;
  }
  const reclaimed = await reclaimTombstones(parts);
  return reclaimed.ok ? ok({ lostFiles, lostChunks, strayFiles: strays.length }) : reclaimed;
}

/** Best effort: what cannot be removed now is found again at the next start. */
async function removeStray(parts: StoreParts, name: string): Promise<void> {
  const release = await parts.locks.tryAlone(name);
  if (release === null) return;
  try {
    const record = await attempt('recover', () => parts.journal.read((view) => view.file(name)));
    if (record.ok && record.value === null) await attempt('recover', () => parts.bytes.remove(name));
  } finally {
    release();
  }
}

/** @returns chunks lost */
async function compare(parts: StoreParts, id: string): Promise<Outcome<number>> {
  const release = await parts.locks.tryReader(id);
  // Somebody takes its bytes away.
  if (release === null) return ok(0);
  try {
    const found = await parts.ledger.find(id);
    if (!found.ok || found.value === null) return found.ok ? ok(0) : found;
    const sizeBytes = await sizeOf(parts, id);
    if (!sizeBytes.ok) return sizeBytes;
    const lost = behind(parts, found.value, sizeBytes.value);
    if (lost.length === 0) return ok(0);
    const told = await parts.ledger.lose(id, lost, 'lost-data');
    return told.ok ? ok(lost.length) : told;
  } finally {
    release();
  }
}

function sizeOf(parts: StoreParts, id: string): Promise<Outcome<number>> {
  return attempt('recover', async () => {
    const file = await parts.bytes.open(id, 'read');
    if (file === null) return 0;
    try {
      return await file.size();
    } finally {
      await file.close();
    }
  });
}

function behind(parts: StoreParts, { record, table }: KnownFile, endByte: number): readonly LostChunk[] {
  if (table === null) return [];
  const end = (index: number): number => rangeOf(parts.geometry, index, record.sizeBytes ?? 0).toByte;
  return table
    .kept()
    .filter((index) => end(index) > endByte)
    .map((index) => ({ index, fingerprint: table.fingerprint(index) }));
}
