import type { WitanFailure } from '#contracts/errors';
import { ggufRefusalText } from '#contracts/gguf-messages';
import type { DownloadWait } from '#contracts/download';
import type { FileState, RoomPlan, StoredModel, StoreFault } from '#contracts/model-store';
import type { ModelProgress, StoreSpace } from '#contracts/models';
import { count, fileSize, percent, plural } from '../quantities.ts';

/** "42 % (110 of 260 MB)". */
export function share(doneBytes: number, totalBytes: number | null): string {
  if (totalBytes === null || totalBytes === 0) return fileSize(doneBytes);
  return `${percent(doneBytes / totalBytes)} (${fileSize(doneBytes)} of ${fileSize(totalBytes)})`;
}

const PHASES: Readonly<Record<ModelProgress['phase'], string>> = {
  download: 'Fetching',
  verify: 'Reading it all again',
  import: 'Taking it in',
};

/** As exact as a forecast deserves: 44 s, 3 min, 1 h 20 min. */
export function timeLeft(seconds: number): string {
  if (seconds < 60) return `${count(Math.ceil(seconds))}\u00a0s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${count(minutes)}\u00a0min`;
  return `${count(Math.floor(minutes / 60))}\u00a0h ${count(minutes % 60)}\u00a0min`;
}

/** Why nothing comes just now. */
function waitWords(waiting: DownloadWait): string {
  if (waiting.for === 'network') return 'waits for the network';
  const { reason, status } = waiting;
  if (status === 429 || status === 503) return 'the server asks to wait';
  return reason === 'stalled' || reason === 'unreachable'
    ? 'the server does not answer; tried again soon'
    : 'the server failed; tried again soon';
}

/** How long the rest would take at the speed that it last had; null where nobody knows. */
function restAtLastSpeed(
  doneBytes: number,
  totalBytes: number | null,
  lastSpeed: number | null,
): string | null {
  if (totalBytes === null || lastSpeed === null || lastSpeed <= 0 || doneBytes >= totalBytes) return null;
  return `about ${timeLeft((totalBytes - doneBytes) / lastSpeed)} at its last speed, ${fileSize(lastSpeed)}/s`;
}

/**
 * What is under way with a model, in one line.
 * @param lastSpeed bytes a second of an earlier visit, said until there is one of this
 */
export function progressLine(progress: ModelProgress, lastSpeed: number | null = null): string {
  const { phase, doneBytes, totalBytes, bytesPerSecond, secondsLeft, host, waiting } = progress;
  const early = phase === 'download' && waiting === null && bytesPerSecond === null;
  return [
    `${PHASES[phase]}, ${share(doneBytes, totalBytes)}`,
    waiting === null ? null : waitWords(waiting),
    waiting === null && bytesPerSecond !== null ? `${fileSize(bytesPerSecond)}/s` : null,
    early ? restAtLastSpeed(doneBytes, totalBytes, lastSpeed) : null,
    waiting === null && secondsLeft !== null ? `about ${timeLeft(secondsLeft)} left` : null,
    host === null ? null : `from ${host}`,
  ]
    .filter((part) => part !== null)
    .join(' · ');
}

export const STATES: Readonly<Record<FileState, string>> = {
  new: 'Nothing of it is here yet',
  partial: 'Broken off',
  verified: 'Complete; compared with its fingerprints whenever it is read',
  suspect: 'Parts of it no longer match what was written',
  tombstone: 'Deleted; its space comes free when nobody reads it any more',
};

/**
 * How a model stands while nothing is done to it.
 * @param lastSpeed bytes a second of its last download
 */
export function stateLine(
  { state, keptBytes, sizeBytes }: StoredModel,
  lastSpeed: number | null = null,
): string {
  if (state !== 'partial') return STATES[state];
  const rest = restAtLastSpeed(keptBytes, sizeBytes, lastSpeed);
  return `${STATES.partial} at ${share(keptBytes, sizeBytes)}; goes on from there${rest === null ? '' : `, ${rest}`}`;
}

export const FAULTS: Readonly<Record<StoreFault['kind'], string>> = {
  'chunk-mismatch': 'a part did not match and was thrown away',
  'short-write': 'the browser wrote less than it was given',
  'lost-data': 'a part that had been written was gone',
  'whole-mismatch': 'the whole did not match its fingerprint',
  'storage-full': 'there was no more room',
  'storage-lost': 'the browser cleared the store',
};

/** "3 faults, all mended; last: a part did not match and was thrown away". Null when there were none. */
export function faultLine({ files }: StoredModel): string | null {
  const faults = files.flatMap((file) => file.faults);
  const last = faults.toSorted((one, other) => one.atMs - other.atMs).at(-1);
  if (last === undefined) return null;
  const open = faults.filter(({ healed }) => !healed).length;
  const mended = open === 0 ? 'all mended' : `${count(open)} not mended`;
  return `${plural(faults.length, 'fault')}, ${mended}; last: ${FAULTS[last.kind]}`;
}

/** A file that the parser refused: fetching it again, as for other damaged files, would be of no use. */
export function refusalWords(problem: WitanFailure): { words?: readonly [string, string] } {
  const reason = ggufRefusalText(problem);
  if (reason === null) return {};
  return { words: [`${String(problem.details['model'] ?? 'The file')} was not taken in.`, reason] };
}

export function persistenceLine(persisted: StoreSpace['persisted']): string {
  if (persisted === null) return 'This browser does not say whether it may clear models by itself.';
  return persisted
    ? 'The browser has promised not to clear models by itself.'
    : 'The browser may clear models by itself when the disk gets full.';
}

/** Of deleted models that somebody still reads. */
export const heldLine = (heldBytes: number): string =>
  `${fileSize(heldBytes)} of deleted models come free when the council that still uses them, here or in another tab, lets them go.`;

/** Why something does not fit, and what would have to go for it. */
export function roomWords(name: string, { wantedBytes, freeBytes, eviction }: RoomPlan): string {
  const needs = `${name} needs ${fileSize(wantedBytes)} of room, with a reserve`;
  const has =
    freeBytes === null || freeBytes >= wantedBytes
      ? 'the browser does not give as much.'
      : `the browser gives ${freeBytes === 0 ? 'none' : fileSize(freeBytes)}.`;
  if (eviction.enough) return `${needs}; ${has}`;
  const most =
    eviction.models.length === 0
      ? 'Nothing here may go for it'
      : `All that may go would free ${fileSize(eviction.freedBytes)}, which is not enough`;
  return `${needs}; ${has} ${most}: free space on the disk, or delete something yourself.`;
}

export const BACKENDS: Readonly<Record<StoreSpace['backend'], string>> = {
  opfs: 'in files of this browser (OPFS)',
  indexeddb: 'in the browser’s database (IndexedDB), since it has no files (OPFS)',
};
