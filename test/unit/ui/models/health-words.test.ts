import { describe, expect, it } from 'vitest';
import type { ModelHealth, StoreHealth, StoreTrouble } from '#contracts/store-health';
import {
  askedLine,
  checkedLine,
  estimateLine,
  integrityLine,
  measuredLine,
  staysLine,
  troubleLines,
} from '../../../../src/ui/models/health-words.ts';
import { heldLine, progressLine, roomWords, stateLine } from '../../../../src/ui/models/models-words.ts';
import { modelProgress, ROOM_PLAN, storedModel, storeHealthOf } from '../../../fakes/models-port.ts';

const NOW = new Date(2026, 10, 21, 14, 30).getTime();
const AT = new Date(2026, 10, 21, 9, 5).getTime();
const space = (change: Partial<StoreHealth['space']>): StoreHealth['space'] => ({
  ...storeHealthOf().space,
  ...change,
});
const plainSpaces = (text: string): string => text.replaceAll('\u00a0', ' ');

const MODEL: ModelHealth = {
  id: 'alder',
  name: 'Alder',
  state: 'suspect',
  sizeBytes: 8,
  keptBytes: 8,
  pinned: false,
  seated: false,
  lastUsedAtMs: 1,
  checkedAtMs: AT,
  repairedChunks: 1,
  missingChunks: 2,
  files: [
    {
      id: 'url-1',
      state: 'suspect',
      sizeBytes: 8,
      keptBytes: 8,
      chunks: 4,
      keptChunks: 2,
      lostChunks: 3,
      checkedAtMs: AT,
      sha256: null,
      faults: [{ atMs: AT, kind: 'chunk-mismatch', chunk: 2, healed: true }],
    },
  ],
};
const TROUBLE: StoreTrouble = {
  firstAtMs: AT,
  lastAtMs: AT + 1_000,
  times: 3,
  doing: 'download',
  modelId: 'alder',
  code: 'storage-full',
  reason: 'quota',
  healedAtMs: NOW,
  healedBy: 'download',
};

it('says how whole a model is, or what is done to it', () => {
  expect(plainSpaces(integrityLine(MODEL, null))).toBe(
    'Parts of it no longer match what was written; 2 parts missing',
  );
  expect(integrityLine(MODEL, modelProgress({ phase: 'verify' }))).toMatch(/^Reading it all again/);
  expect(plainSpaces(checkedLine(MODEL, NOW))).toBe('Last read and compared 09:05; 1 part repaired so far.');
  expect(checkedLine({ ...MODEL, checkedAtMs: null, repairedChunks: 0 }, NOW)).toBe(
    'Not yet read as a whole and compared; nothing repaired so far.',
  );
  expect([
    staysLine(MODEL),
    staysLine({ ...MODEL, pinned: true }),
    staysLine({ ...MODEL, seated: true }),
  ]).toEqual(['', 'Stays when room is needed.', 'Sits on the council, so it stays when room is needed.']);
});

it('tells what was measured from what the browser says', () => {
  const measured = { atMs: AT, askedBytes: 4_000_000_000, freeBytes: 4_000_000_000 };
  expect(measuredLine(space({}), NOW)).toBe('Not asked yet.');
  expect(plainSpaces(measuredLine(space({ measured }), NOW))).toBe(
    'At least 4.0 GB, at 09:05: all that was asked for.',
  );
  expect(plainSpaces(measuredLine(space({ measured: { ...measured, freeBytes: 64_000_000 } }), NOW))).toBe(
    'About 64.0 MB for one more file, at 09:05.',
  );
  expect(estimateLine(space({}))).toBe('It says nothing.');
  expect(
    plainSpaces(estimateLine(space({ estimate: { usageBytes: 5_000_000, quotaBytes: 10_000_000_000 } }))),
  ).toBe('5.0 MB used of 10.0 GB.');
});

it.each([
  [null, 'It has not been asked yet; it is after the first download.'],
  [{ askedAtMs: AT, answer: true }, 'Asked 09:05; it agreed.'],
  [{ askedAtMs: AT, answer: false }, 'Asked 09:05; it did not agree.'],
  [{ askedAtMs: AT, answer: null }, 'Asked 09:05; it gave no answer.'],
])('says when persistence was asked for, and the answer: %j', (last, words) => {
  expect(askedLine({ persisted: null, last }, NOW)).toBe(words);
});

describe('what went wrong', () => {
  it('is that of the store and that of its files, newest first, with how it ended', () => {
    const fetching: StoreTrouble = { ...TROUBLE, code: 'model-fetch-failed', reason: 'cut' };
    const lines = troubleLines(storeHealthOf({ models: [MODEL], troubles: [fetching] }), NOW);
    expect(lines.map(({ what, end }) => [plainSpaces(what), end])).toEqual([
      ['Alder: it could not be fetched, 3 times since 09:05.', 'fetched again, 14:30'],
      ['Alder, part 3: a part did not match and was thrown away.', 'it was written again'],
    ]);
  });

  it('is not said twice when a file remembers it, and is when that file is gone', () => {
    const lines = (models: readonly ModelHealth[]): unknown =>
      troubleLines(storeHealthOf({ models: [...models], troubles: [TROUBLE] }), NOW).map(({ what }) => what);
    expect(lines([MODEL])).toEqual(['Alder, part 3: a part did not match and was thrown away.']);
    expect(lines([])).toEqual(['alder: there was no more room, 3 times since 09:05.']);
  });

  it('is not over as long as nothing has ended it', () => {
    const open = { ...TROUBLE, modelId: null, times: 1, healedAtMs: null, healedBy: null };
    expect(troubleLines(storeHealthOf({ troubles: [open] }), NOW)).toMatchObject([
      { what: 'The store: there was no more room.', end: null },
    ]);
  });
});

it('says what a model needs, what there is, and whether others going would help', () => {
  const { eviction } = ROOM_PLAN;
  expect(plainSpaces(roomWords('Alder', ROOM_PLAN))).toBe(
    'Alder needs 600.0 MB of room, with a reserve; the browser gives 150.0 MB.',
  );
  const unknown = { ...ROOM_PLAN, freeBytes: null };
  expect(plainSpaces(roomWords('Alder', unknown))).toMatch(/the browser does not give as much\.$/);
  const little = { ...eviction, enough: false, freedBytes: 5_000_000 };
  expect(plainSpaces(roomWords('Alder', { ...ROOM_PLAN, freeBytes: 0, eviction: little }))).toMatch(
    /the browser gives none\. All that may go would free 5\.0 MB, which is not enough: free space/,
  );
  expect(roomWords('Alder', { ...ROOM_PLAN, eviction: { ...little, models: [] } })).toMatch(
    /Nothing here may go for it: free space/,
  );
  expect(plainSpaces(heldLine(35_000_000))).toMatch(/^35\.0 MB of deleted models come free when/);
});

it('says how long the rest takes by the speed of an earlier visit, until there is one of this', () => {
  const partial = storedModel({ state: 'partial', sizeBytes: 100_000_000, keptBytes: 40_000_000 });
  expect(plainSpaces(stateLine(partial, 2_000_000))).toBe(
    'Broken off at 40 % (40.0 MB of 100.0 MB); goes on from there, about 30 s at its last speed, 2.0 MB/s',
  );
  expect(stateLine(partial)).not.toContain('last speed');
  const early = modelProgress({ bytesPerSecond: null, secondsLeft: null, host: null });
  expect(plainSpaces(progressLine(early, 3_000_000))).toMatch(/about 2 min at its last speed, 3\.0 MB\/s$/);
  expect(progressLine(modelProgress(), 3_000_000)).not.toContain('last speed');
});
