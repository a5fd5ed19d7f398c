import { whatHappened } from '#contracts/error-messages';
import type { ModelActivity } from '#contracts/models';
import type { ModelHealth, StoreHealth, StoreTrouble, StoreWork } from '#contracts/store-health';
import { count, fileSize, plural, whenShort } from '../quantities.ts';
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

export function checkedLine({ checkedAtMs }: ModelHealth, nowEpochMs: number): string {
  return checkedAtMs === null ? 'not yet' : whenShort(checkedAtMs, nowEpochMs);
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

/** One thing that went wrong, and how it ended. */
export interface TroubleLine {
  readonly key: string;
  readonly atMs: number;
  readonly what: string;
  readonly end: string | null;
}

function ofStore(trouble: StoreTrouble, nameOf: (id: string) => string, nowEpochMs: number): TroubleLine {
  const { firstAtMs, lastAtMs, times, doing, modelId, code, reason, healedAtMs, healedBy } = trouble;
  const who = modelId === null ? '' : `${nameOf(modelId)}: `;
  const happened = whatHappened({ code, details: reason === null ? {} : { reason } });
  const repeated = times > 1 ? ` ${count(times)} times since ${whenShort(firstAtMs, nowEpochMs)}.` : '';
  const ended = healedBy === null || healedAtMs === null ? null : HEALED[healedBy];
  return {
    key: `${String(firstAtMs)} ${doing} ${modelId ?? ''} ${code}`,
    atMs: lastAtMs,
    what: `${who}${happened}${repeated}`,
    end: ended === null || healedAtMs === null ? null : `${ended}, ${whenShort(healedAtMs, nowEpochMs)}`,
  };
}

/** Faults of the store and of single files, newest first. */
export function troubleLines({ troubles, models }: StoreHealth, nowEpochMs: number): readonly TroubleLine[] {
  const nameOf = (id: string): string => models.find((model) => model.id === id)?.name ?? id;
  const ofFiles = models.flatMap(({ id, name, files }) =>
    files.flatMap((file) =>
      file.faults.map(({ atMs, kind, chunk, healed }, index) => ({
        key: `${id} ${file.id} ${String(index)}`,
        atMs,
        what: `${name}${chunk === null ? '' : `, part ${count(chunk + 1)}`}: ${FAULTS[kind]}.`,
        end: healed ? 'it was written anew' : null,
      })),
    ),
  );
  return [...troubles.map((trouble) => ofStore(trouble, nameOf, nowEpochMs)), ...ofFiles].sort(
    (one, other) => other.atMs - one.atMs,
  );
}
