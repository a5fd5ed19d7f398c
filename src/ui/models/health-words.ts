import type { ModelActivity } from '#contracts/models';
import type { ModelHealth, StoreHealth, StoreTrouble, StoreWork } from '#contracts/store-health';
import { whenShort } from '../days.ts';
import { count, fileSize, plural } from '../quantities.ts';
import { FAULTS, progressLine, STATES } from './models-words.ts';

const STATE_WORDS: Readonly<Record<ModelHealth['state'], string>> = {
  ...STATES,
  verified: 'Whole and proved',
};

/** How a model stands, or what is done to it. */
export function integrityLine(model: ModelHealth, progress: ModelActivity | null): string {
  if (progress !== null) return progressLine(progress);
  const missing = model.missingChunks > 0 ? `; ${plural(model.missingChunks, 'part')} missing` : '';
  return `${STATE_WORDS[model.state]}${missing}`;
}

/** When it was last compared, and what was mended so far. */
export function checkedLine({ checkedAtMs, repairedChunks }: ModelHealth, nowEpochMs: number): string {
  const mended = repairedChunks === 0 ? 'nothing' : plural(repairedChunks, 'part');
  if (checkedAtMs === null) return `Not yet read as a whole and compared; ${mended} repaired so far.`;
  return `Last read and compared ${whenShort(checkedAtMs, nowEpochMs)}; ${mended} repaired so far.`;
}

/** Why it is never deleted to make room; empty where it may be. */
export function staysLine({ pinned, seated }: ModelHealth): string {
  if (seated) return 'Sits on the council, so it stays when room is needed.';
  return pinned ? 'Stays when room is needed.' : '';
}

export function measuredLine({ measured }: StoreHealth['space'], nowEpochMs: number): string {
  if (measured === null) return 'Not asked yet.';
  const { atMs, askedBytes, freeBytes } = measured;
  const when = whenShort(atMs, nowEpochMs);
  if (freeBytes >= askedBytes) return `At least ${fileSize(freeBytes)}, at ${when}: all that was asked for.`;
  return `About ${fileSize(freeBytes)} for one more file, at ${when}.`;
}

export function estimateLine({ estimate }: StoreHealth['space']): string {
  const { usageBytes = null, quotaBytes = null } = estimate ?? {};
  if (quotaBytes === null || usageBytes === null) return 'It says nothing.';
  return `${fileSize(usageBytes)} used of ${fileSize(quotaBytes)}.`;
}

export function askedLine({ last }: StoreHealth['persistence'], nowEpochMs: number): string {
  if (last === null) return 'It has not been asked yet; it is after the first download.';
  const when = `Asked ${whenShort(last.askedAtMs, nowEpochMs)}`;
  if (last.answer === null) return `${when}; it gave no answer.`;
  return last.answer ? `${when}; it agreed.` : `${when}; it did not agree.`;
}

const HEALED: Readonly<Record<StoreWork, string>> = {
  list: 'the store answered again',
  download: 'fetched again',
  verify: 'every part matches again',
  import: 'taken in at another try',
  read: 'read without fault',
  change: 'it was deleted',
  room: 'room was made',
};

const TROUBLES: Readonly<Record<StoreTrouble['code'], string>> = {
  'storage-unavailable': 'the store could not be opened',
  'storage-failed': 'the browser could not read or write',
  'storage-full': FAULTS['storage-full'],
  'model-invalid': 'it did not match its fingerprint',
  'model-fetch-failed': 'it could not be fetched',
  'worker-lost': 'the worker that keeps the models was lost',
  'worker-silent': 'the worker that keeps the models did not answer any more',
  'deadline-exceeded': 'the browser’s storage did not answer in time',
};

/** One thing that went wrong, and how it ended. */
export interface TroubleLine {
  readonly key: string;
  readonly atMs: number;
  readonly what: string;
  readonly end: string | null;
}

function ofStore(trouble: StoreTrouble, nameOf: (id: string) => string, nowEpochMs: number): TroubleLine {
  const { firstAtMs, lastAtMs, times, doing, modelId, code, healedAtMs, healedBy } = trouble;
  const who = modelId === null ? 'The store' : nameOf(modelId);
  const repeated = times > 1 ? `, ${count(times)} times since ${whenShort(firstAtMs, nowEpochMs)}` : '';
  const ended = healedBy === null || healedAtMs === null ? null : HEALED[healedBy];
  return {
    key: `${String(firstAtMs)} ${doing} ${modelId ?? ''} ${code}`,
    atMs: lastAtMs,
    what: `${who}: ${TROUBLES[code]}${repeated}.`,
    end: ended === null || healedAtMs === null ? null : `${ended}, ${whenShort(healedAtMs, nowEpochMs)}`,
  };
}

/** What files remember themselves, part by part. */
const OF_FILES: ReadonlySet<StoreTrouble['code']> = new Set(['storage-full', 'model-invalid']);

/** Faults of the store and of single files, newest first; what a file remembers itself is not said twice. */
export function troubleLines({ troubles, models }: StoreHealth, nowEpochMs: number): readonly TroubleLine[] {
  const nameOf = (id: string): string => models.find((model) => model.id === id)?.name ?? id;
  const ofFiles = models.flatMap(({ id, name, files }) =>
    files.flatMap((file) =>
      file.faults.map(({ atMs, kind, chunk, healed }, index) => ({
        key: `${id} ${file.id} ${String(index)}`,
        atMs,
        what: `${name}${chunk === null ? '' : `, part ${count(chunk + 1)}`}: ${FAULTS[kind]}.`,
        end: healed ? 'it was written again' : null,
      })),
    ),
  );
  const faulty = new Set(
    models.filter(({ files }) => files.some(({ faults }) => faults.length > 0)).map(({ id }) => id),
  );
  const further = troubles.filter(
    ({ code, modelId }) => !(modelId !== null && faulty.has(modelId) && OF_FILES.has(code)),
  );
  return [...further.map((trouble) => ofStore(trouble, nameOf, nowEpochMs)), ...ofFiles].sort(
    (one, other) => other.atMs - one.atMs,
  );
}
