import { err, ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import type { ByteFile } from './byte-store.ts';
import { attempt, flatten } from './store-failure.ts';

/**
 * Room that must be left when a file has taken its own: sync handles take room in steps of up to 128 MiB (measured in
 * Chromium: under a quota of 200 MB a file can grow to 128 MB), and where a disk fills up to the last byte Chromium may
 * drop the whole origin.
 */
export const DEFAULT_RESERVE_BYTES = 128 * 2 ** 20;

/**
 * Takes the room for a whole file before its first byte, by growing it: the only honest question for room that a browser
 * answers (`navigator.storage.estimate` is made up). The reserve is asked for too, and given back.
 * Errors: storage-full (the file is then as long as before), storage-failed.
 */
export async function takeRoom(
  file: ByteFile,
  sizeBytes: number,
  reserveBytes: number,
): Promise<Outcome<null>> {
  return flatten(
    await attempt('take room', async () => {
      const before = await file.size();
      if (before < sizeBytes) {
        const grown = await grow(file, sizeBytes + reserveBytes);
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
