import { describe, expect, it } from 'vitest';
import {
  faultLine,
  persistenceLine,
  progressLine,
  stateLine,
  timeLeft,
} from '../../../../src/ui/models/models-words.ts';
import { modelProgress, storedModel } from '../../../fakes/models-port.ts';

const plainly = (text: string | null): string | undefined => text?.replaceAll('\u00a0', ' ');

describe('the line of a model', () => {
  it('tells what is under way, with speed, time left and host', () => {
    expect(plainly(progressLine(modelProgress()))).toBe(
      'Fetching, 23 % (110.0 MB of 468.6 MB) · 8.2 MB/s · about 44 s left · from huggingface.co',
    );
  });

  it('tells what it waits for instead of a speed', () => {
    const waiting = modelProgress({
      waiting: { for: 'server', reason: 'status', status: 429, untilEpochMs: 0 },
    });
    expect(plainly(progressLine(waiting))).toBe(
      'Fetching, 23 % (110.0 MB of 468.6 MB) · the server asks to wait · from huggingface.co',
    );
  });

  it('claims nothing while nobody knows', () => {
    const unknown = { totalBytes: null, bytesPerSecond: null, secondsLeft: null, host: null };
    expect(plainly(progressLine(modelProgress({ ...unknown, phase: 'import' })))).toBe(
      'Taking it in, 110.0 MB',
    );
  });

  it('tells where a broken-off one goes on', () => {
    expect(plainly(stateLine(storedModel({ state: 'partial', keptBytes: 117_156_080 })))).toBe(
      'Broken off at 25 % (117.2 MB of 468.6 MB); goes on from there',
    );
    expect(stateLine(storedModel())).toBe('Complete; compared with its fingerprints whenever it is read');
  });
});

it('faults are counted, and the last one told', () => {
  expect(faultLine(storedModel())).toBeNull();
  const file = {
    id: 'sha256-0',
    state: 'verified',
    sizeBytes: 1,
    keptBytes: 1,
    chunks: 1,
    keptChunks: 1,
    checkedAtMs: null,
    lostChunks: 0,
    sha256: null,
    urls: [],
  } as const;
  const faults = [
    { atMs: 2, kind: 'chunk-mismatch', chunk: 3, healed: true },
    { atMs: 1, kind: 'short-write', chunk: 1, healed: false },
  ] as const;
  expect(plainly(faultLine(storedModel({ files: [{ ...file, faults }] })))).toBe(
    '2 faults, 1 not mended; last: a part did not match and was thrown away',
  );
  expect(plainly(faultLine(storedModel({ files: [{ ...file, faults: faults.slice(0, 1) }] })))).toBe(
    '1 fault, all mended; last: a part did not match and was thrown away',
  );
});

it.each([
  [0, '0 s'],
  [43.7, '44 s'],
  [61, '2 min'],
  [3_599, '1 h 0 min'],
  [4_800, '1 h 20 min'],
])('%f seconds are %s', (seconds, words) => {
  expect(plainly(timeLeft(seconds))).toBe(words);
});

it('persistence is never assumed', () => {
  expect(new Set([true, false, null].map(persistenceLine)).size).toBe(3);
});
