import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { ByteFile } from './byte-store.ts';
import { attempt, flatten } from './store-failure.ts';

/**
 * Most room that must be left when a file has taken its own: where a disk fills up to the last byte Chromium may drop the
 * whole origin, and the journal needs room to say what was kept.
 */
export const DEFAULT_RESERVE_BYTES = 128 * 2 ** 20;
/** Least of it: the journal of a small file, its log before it is tidied, and the app's own records, with air. */
const LEAST_RESERVE_BYTES = 8 * 2 ** 20;
/** Of a file's size: it may take four fifths of what is free, and a fifth stays. */
const RESERVE_SHARE = 1 / 4;

/**
 * Room that must be left beside a file of this size. In proportion, because the free room that it protects is: on a disk
 * that has 100 MB for this origin, 128 MiB beside a file of 48 MB were a refusal of everything (measured: quota 240 MB).
 * To ask for a quarter more than the file is to ask whether it leaves a fifth of what is free.
 */
export function reserveFor(sizeBytes: number, mostBytes: number): number {
  return Math.min(mostBytes, Math.max(LEAST_RESERVE_BYTES, Math.ceil(sizeBytes * RESERVE_SHARE)));
}

/** Sync handles take room in powers of two, from 128 MiB on in multiples of it. */
const LARGEST_STEP_BYTES = 128 * 2 ** 20;

/**
 * What must be free for a file to grow to this size: Chromium takes room for a sync handle in steps (measured: under quotas
 * of 30, 60, 100, 200 and 400 MB a file grew to 16, 32, 64, 128 and 384 MiB).
 */
export function steppedRoom(bytes: number): number {
  if (bytes >= LARGEST_STEP_BYTES) return Math.ceil(bytes / LARGEST_STEP_BYTES) * LARGEST_STEP_BYTES;
  return bytes <= 1 ? bytes : 2 ** Math.ceil(Math.log2(bytes));
}

/**
 * Takes the room for a whole file before its first byte, by growing it: the only honest question for room that a browser
 * answers (`navigator.storage.estimate` is made up). The reserve (`reserveFor`) is asked for too, and given back.
 * @param mostReserveBytes 0: none
 * Errors: storage-full (the file is then as long as before), storage-failed.
 */
export async function takeRoom(
  file: ByteFile,
  sizeBytes: number,
  mostReserveBytes: number,
): Promise<Outcome<null>> {
  return flatten(
    await attempt('take room', async () => {
      const before = await file.size();
      if (before < sizeBytes) {
        const grown = await grow(file, sizeBytes + reserveFor(sizeBytes, mostReserveBytes));
        if (!grown.ok) {
          await cutBack(file, before);
          return grown;
        }
      }
      await file.truncate(sizeBytes);
      await file.flush();
      return ok(null);
    }),
  );
}

async function grow(file: ByteFile, toBytes: number): Promise<Outcome<null>> {
  return flatten(
    await attempt('take room', async () => {
      await file.truncate(toBytes);
      // Believed only when the file says so too: where writes fail in silence, this may as well.
      const size = await file.size();
      if (size === toBytes) return ok(null);
      const lost = size > toBytes;
      return err(
        lost
          ? failure('storage-failed', { doing: 'take room', reason: 'storage-lost' })
          : failure('storage-full', { doing: 'take room', reason: 'quota', neededBytes: toBytes }),
      );
    }),
  );
}

async function cutBack(file: ByteFile, toBytes: number): Promise<void> {
  // It grew not at all, or what it grew is found and used by the next attempt.
  await attempt('take room', () => file.truncate(toBytes));
}
