import { err, ok, type Result } from '#kernel/result';
import { failure, WitanError, type Outcome, type WitanFailure } from '#contracts/errors';
import type { StoreFault } from '#contracts/model-store';
import type { ByteFile } from './byte-store.ts';
import type { Journal, JournalEditor } from './journal.ts';

/** Chromium's write returns these instead of throwing: base::File::Error as a uint32. No room (−8). */
const NO_SPACE = 2 ** 32 - 8;
/** A return value from here on is a negative number in disguise. */
const DISGUISED = 2 ** 31;

/**
 * The failure behind what a byte store or the journal threw. `QuotaExceededError`: the quota. `DataError`, on records as
 * well formed as ours: Chromium could not write the value's file, the disk is full. `AbortError`: a transaction that ended
 * without a reason. `InvalidStateError` and `NotFoundError`: the storage was taken away under us.
 */
export function storageFailure(thrown: unknown, doing: string): WitanFailure {
  if (thrown instanceof WitanError) return thrown.failure;
  const name = thrown instanceof Error || thrown instanceof DOMException ? thrown.name : '';
  switch (name) {
    case 'QuotaExceededError':
      return failure('storage-full', { doing, reason: 'quota' }, thrown);
    case 'DataError':
      return failure('storage-full', { doing, reason: 'disk' }, thrown);
    case 'InvalidStateError':
    case 'NotFoundError':
      return failure('storage-failed', { doing, reason: 'storage-lost' }, thrown);
    case 'NoModificationAllowedError':
      return failure('storage-failed', { doing, reason: 'busy' }, thrown);
    case 'AbortError':
      return failure('storage-failed', { doing, reason: 'aborted' }, thrown);
    default:
      return failure('storage-failed', { doing, reason: 'unknown' }, thrown);
  }
}

/** Runs what may throw; what it throws becomes a failure. */
export async function attempt<T>(doing: string, work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return ok(await work());
  } catch (thrown) {
    return err(storageFailure(thrown, doing));
  }
}

/** Writes all of it, or says why not; a platform that says anything but the length has failed. Not flushed yet. */
export async function writeWhole(
  file: ByteFile,
  bytes: Uint8Array<ArrayBuffer>,
  atByte: number,
): Promise<Outcome<null>> {
  return flatten(
    await attempt('write', async () => {
      const written = await file.write(bytes, atByte);
      return written === bytes.length ? ok(null) : err(wrongCount(written, bytes.length));
    }),
  );
}

function wrongCount(written: number, wanted: number): WitanFailure {
  const details = { doing: 'write', writtenBytes: written, wantedBytes: wanted };
  if (written === NO_SPACE) return failure('storage-full', { ...details, reason: 'quota' });
  if (written >= DISGUISED) return failure('storage-failed', { ...details, reason: 'storage-lost' });
  return failure('storage-full', { ...details, reason: 'short-write' });
}

/** The kind under which a failed write is remembered. */
export function faultKind(of: WitanFailure): StoreFault['kind'] {
  if (of.details['reason'] === 'short-write') return 'short-write';
  return of.code === 'storage-full' ? 'storage-full' : 'storage-lost';
}

export function flatten<T, E>(outcome: Result<Result<T, E>, E>): Result<T, E> {
  return outcome.ok ? outcome.value : outcome;
}

/** One change of the journal; when it fails, in whatever way, nothing of it is kept. */
export function inJournal<T>(
  journal: Journal,
  doing: string,
  change: (editor: JournalEditor) => Promise<Outcome<T>>,
  how: 'change' | 'note' = 'change',
): Promise<Outcome<T>> {
  return attempt(doing, () =>
    journal[how](async (editor) => {
      const outcome = await change(editor);
      if (!outcome.ok) throw new WitanError(outcome.error);
      return outcome.value;
    }),
  );
}
