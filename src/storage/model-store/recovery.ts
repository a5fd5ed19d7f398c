import { ok } from '#kernel/result';
import type { Outcome } from '#contracts/errors';
import type { KnownFile, LostChunk } from './file-ledger.ts';
import { rangeOf } from './chunk-geometry.ts';
import type { Release } from './file-locks.ts';
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
 * Compares the journal with the bytes. Chunks behind the end of their file are lost and said so; files that somebody
 * else writes at this moment are his to look after. Nothing is hashed here: every read is checked anyway.
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

/**
 * Looks as a reader, who is in no writer's way, and where something is lost once more as the only writer: what another tab
 * has repaired since must not be taken away again.
 * @returns chunks lost
 */
async function compare(parts: StoreParts, id: string): Promise<Outcome<number>> {
  const seen = await holding(parts.locks.tryReader(id), () => lostOf(parts, id));
  if (seen?.ok === false) return seen;
  if (seen === null || seen.value.length === 0) return ok(0);
  return (await holding(parts.locks.tryWriter(id), () => lose(parts, id))) ?? ok(0);
}

async function lose(parts: StoreParts, id: string): Promise<Outcome<number>> {
  const lost = await lostOf(parts, id);
  if (!lost.ok) return lost;
  if (lost.value.length === 0) return ok(0);
  const told = await parts.ledger.lose(id, lost.value, 'lost-data');
  return told.ok ? ok(lost.value.length) : told;
}

/** Null: somebody else has the lock. */
async function holding<T>(lock: Promise<Release | null>, work: () => Promise<T>): Promise<T | null> {
  const release = await lock;
  if (release === null) return null;
  try {
    return await work();
  } finally {
    release();
  }
}

async function lostOf(parts: StoreParts, id: string): Promise<Outcome<readonly LostChunk[]>> {
  const found = await parts.ledger.find(id);
  if (!found.ok) return found;
  if (found.value === null) return ok([]);
  const sizeBytes = await sizeOf(parts, id);
  return sizeBytes.ok ? ok(behind(parts, found.value, sizeBytes.value)) : sizeBytes;
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
