import { describe, expect, it } from 'vitest';
import { failure } from '#contracts/errors';
import type { NetFault } from '../../../fakes/net-fault.ts';
import { settled } from '../../../fakes/settled.ts';
import { CHUNK, CHUNKS, DownloadRig, FIRST, NOTHING_LEFT, SIZE } from './download-rig.ts';

describe('a download that is stopped', () => {
  it('keeps what is whole, and goes on from there: a chunk at most comes twice', async () => {
    for (let stopAfter = 1; stopAfter < CHUNKS; stopAfter += 1) {
      const stop = new AbortController();
      const rig = new DownloadRig({
        sink: { onKept: () => rig.sink.kept.length === stopAfter && stop.abort() },
      });
      expect(await rig.run(stop.signal)).toMatchObject({ ok: false, error: { code: 'cancelled' } });
      expect(rig.sink.kept.length).toBeGreaterThanOrEqual(stopAfter);
      expect(rig.leftOpen).toEqual(NOTHING_LEFT);
      const keptBefore = rig.sink.kept.length;
      expect(await rig.run()).toMatchObject({ ok: true });
      expect(rig.isWhole).toBe(true);
      expect(rig.net.sentBytes).toBeLessThanOrEqual(SIZE + CHUNK);
      expect(rig.net.requests.at(-1)?.range?.fromByte).toBe(keptBefore * CHUNK);
    }
  });

  it('keeps the chunks that are on their way into the store', async () => {
    const rig = new DownloadRig({ bytes: 20 * CHUNK });
    rig.slowStore(1_000);
    const stop = new AbortController();
    rig.clock.after(1_900, () => {
      stop.abort(); // the first is stored, and four more are whole
    });
    expect(await rig.run(stop.signal)).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    expect(rig.sink.kept).toEqual([0, 1, 2, 3, 4]);
  });

  it('ends at once while it waits, for an answer or for a rest to be over', async () => {
    const waits: NetFault[] = [
      { fault: 'stall', afterBytes: null },
      { fault: 'stall', afterBytes: 5_000 },
      { fault: 'status', status: 503, retryAfter: '600' },
    ];
    for (const wait of waits) {
      const rig = new DownloadRig({ faults: [wait] });
      const stop = new AbortController();
      rig.clock.after(5_000, () => {
        stop.abort();
      });
      expect(await rig.run(stop.signal)).toMatchObject({ ok: false, error: { code: 'cancelled' } });
      expect(rig.clock.nowMs()).toBe(5_000);
      expect(rig.leftOpen).toEqual(NOTHING_LEFT);
    }
  });

  it('asks nobody when it was stopped before it began', async () => {
    const rig = new DownloadRig();
    const stop = new AbortController();
    stop.abort();
    expect(await rig.run(stop.signal)).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    expect(rig.net.requests).toEqual([]);
  });
});

it('a tab that is killed at any moment costs less than a chunk', async () => {
  for (let killAtMs = 50; killAtMs < 1_250; killAtMs += 50) {
    const killed = new DownloadRig();
    const stop = new AbortController();
    const run = killed.start(stop.signal);
    const moment = new Promise<void>((resolve) => killed.clock.after(killAtMs, resolve));
    await settled(killed.clock, moment);
    const { sentBytes } = killed.net;
    const kept = [...killed.sink.kept];
    const later = new DownloadRig();
    await later.sink.setSize(SIZE);
    for (const index of kept)
      await later.sink.put(index, later.file.slice(index * CHUNK, (index + 1) * CHUNK));
    expect(await later.run()).toMatchObject({ ok: true });
    expect(later.isWhole).toBe(true);
    expect(sentBytes + later.net.sentBytes).toBeLessThanOrEqual(SIZE + CHUNK);
    stop.abort();
    await settled(killed.clock, run);
  }
});

it('asks for nothing when nothing is missing', async () => {
  const rig = new DownloadRig();
  await rig.run();
  const before = rig.net.requests.length;
  expect(await rig.run()).toMatchObject({ ok: true });
  expect(rig.net.requests.length).toBe(before);
});

it('asks only for the chunks that are missing', async () => {
  const rig = new DownloadRig();
  await rig.sink.setSize(SIZE);
  for (const index of [0, 2, 3]) {
    await rig.sink.put(index, rig.file.slice(index * CHUNK, (index + 1) * CHUNK));
  }
  expect(await rig.run()).toMatchObject({ ok: true });
  expect(rig.net.requests.map(({ range }) => range)).toEqual([
    { fromByte: CHUNK, toByte: 2 * CHUNK },
    { fromByte: 4 * CHUNK, toByte: SIZE },
  ]);
  expect(rig.isWhole).toBe(true);
});

describe('each request in turn fails', () => {
  const wrong: readonly NetFault[] = [
    { fault: 'unreachable' },
    { fault: 'cut', afterBytes: 1_500 },
    { fault: 'stall', afterBytes: null },
    { fault: 'status', status: 500 },
    { fault: 'wrong-range' },
    { fault: 'ignores-range' },
    { fault: 'unsatisfiable' },
  ];
  it.each(wrong)('$fault', async (fault) => {
    // 40 chunks, several requests at once, ranges of two chunks.
    const policy = { chunksPerRange: 2 };
    const whole = new DownloadRig({ bytes: 40 * CHUNK, policy });
    await whole.run();
    const { length } = whole.net.requests;
    expect(length).toBeGreaterThan(15);
    for (let at = 0; at < length; at += 1) {
      const faults = [...Array.from({ length: at }, () => null), fault];
      const rig = new DownloadRig({ bytes: 40 * CHUNK, policy, faults });
      expect(await rig.run()).toMatchObject({ ok: true });
      expect(rig.isWhole).toBe(true);
      expect(new Set(rig.sink.kept).size).toBe(40);
      expect(rig.net.sentBytes).toBeLessThanOrEqual(42 * CHUNK);
      expect(rig.leftOpen).toEqual(NOTHING_LEFT);
    }
  });
});

describe('a store that fails', () => {
  it.each(['storage-full', 'storage-failed'] as const)('%s ends it at once, at every chunk', async (code) => {
    for (let at = 0; at < CHUNKS; at += 1) {
      const rig = new DownloadRig({
        sink: { failPut: (call) => (call === at ? failure(code, { neededBytes: 5 }) : null) },
      });
      expect(await rig.run()).toEqual({ ok: false, error: failure(code, { neededBytes: 5 }) });
      expect(rig.sink.kept).toHaveLength(at);
      expect(rig.leftOpen).toEqual(NOTHING_LEFT);
      expect(await rig.run()).toMatchObject({ ok: true });
      expect(rig.isWhole).toBe(true);
    }
  });

  it('has no room: nothing is fetched for it twice', async () => {
    const rig = new DownloadRig({ sink: { roomChunks: 3 } });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(await rig.run()).toMatchObject({ ok: false, error: { code: 'storage-full' } });
    }
    expect(rig.sink.kept).toEqual([0, 1, 2]);
    // Each attempt fetches the chunk that has no room, and what came meanwhile.
    expect(rig.net.sentBytes).toBeLessThanOrEqual(3 * CHUNK + 3 * 3 * CHUNK);
  });

  it('throws: that is an end, too', async () => {
    const rig = new DownloadRig();
    rig.sink.put = () => Promise.reject(new Error('lost'));
    expect(await rig.run()).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(rig.leftOpen).toEqual(NOTHING_LEFT);
  });
});

describe('what cannot be had', () => {
  it.each([
    [{ fault: 'unreachable' }, 'unreachable'],
    [{ fault: 'status', status: 404 }, 'status'],
    [{ fault: 'status', status: 503 }, 'status'],
    [{ fault: 'portal' }, 'not-the-file'],
    [{ fault: 'other-size' }, 'other-size'],
    [{ fault: 'stall', afterBytes: null }, 'stalled'],
  ] as const)('%j ends as %s', async (always, reason) => {
    const rig = new DownloadRig({ servers: { [FIRST]: { always } } });
    expect(await rig.run()).toMatchObject({
      ok: false,
      error: {
        code: 'model-fetch-failed',
        details: {
          reason,
          model: 'tiny',
          file: 'sha256-test',
          ...('status' in always && { status: always.status }),
        },
      },
    });
    expect(rig.leftOpen).toEqual(NOTHING_LEFT);
    expect(rig.net.requests.length).toBeLessThanOrEqual('status' in always && always.status === 404 ? 1 : 16);
  });

  it('ends as a bad file when a chunk is wrong each time, and keeps the others', async () => {
    const rig = new DownloadRig({ servers: { [FIRST]: { always: { fault: 'flip', atByte: 9_000 } } } });
    expect(await rig.run()).toMatchObject({
      ok: false,
      error: { code: 'model-invalid', details: { reason: 'chunk', chunk: 2, attempts: 4, model: 'tiny' } },
    });
    expect([...rig.sink.kept].sort()).toEqual([0, 1, 3, 4, 5]);
    expect(rig.net.sentBytes).toBe(SIZE + 3 * CHUNK);
    expect(rig.leftOpen).toEqual(NOTHING_LEFT);
  });

  it('has no address', async () => {
    const rig = new DownloadRig({ urls: [] });
    expect(await rig.run()).toMatchObject({
      ok: false,
      error: { code: 'model-fetch-failed', details: { reason: 'no-address' } },
    });
  });
});

describe('the whole differs from its hash', () => {
  it('is fetched again once', async () => {
    const rig = new DownloadRig({
      faults: [{ fault: 'flip', atByte: 9_000 }],
      known: { chunks: false, whole: true },
    });
    expect(await rig.run()).toMatchObject({ ok: true });
    expect(rig.isWhole).toBe(true);
    expect(rig.net.sentBytes).toBe(2 * SIZE);
  });

  it('is given up when it differs again', async () => {
    const rig = new DownloadRig({
      servers: { [FIRST]: { always: { fault: 'flip', atByte: 9_000 } } },
      known: { chunks: false, whole: true },
    });
    expect(await rig.run()).toMatchObject({
      ok: false,
      error: { code: 'model-invalid', details: { reason: 'sha256' } },
    });
    expect(rig.net.sentBytes).toBe(2 * SIZE);
  });
});
