import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import type { Outcome } from '#contracts/errors';
import type { HistoryChunk } from '#contracts/telemetry';
import { openWitanDatabase, type WitanDatabase } from '../../../src/storage/database.ts';
import { HistoryStore } from '../../../src/storage/history-store.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

const EPOCH = 1_700_000_000_000;
const HOUR_MS = 3_600_000;

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.error.code}: ${String(outcome.error.cause)}`);
  return outcome.value;
}

async function open(): Promise<WitanDatabase> {
  return valueOf(await openWitanDatabase({ onLost: () => undefined }));
}

function chunk(session: string, startMs: number, lengthMs = 10_000): HistoryChunk {
  return {
    schema: 'witan.history-chunk',
    version: 1,
    id: `${session}/${String(startMs)}`,
    session,
    startMs,
    endMs: startMs + lengthMs,
    intervalMs: 100,
    columns: ['tokens', 'errors'],
    offsets: new Float32Array([100, lengthMs]),
    values: [new Float32Array([1, 2]), new Float32Array([0])],
    missedTicks: 0,
  };
}

async function rig(): Promise<{ clock: VirtualClock; database: WitanDatabase; store: HistoryStore }> {
  const clock = new VirtualClock(0, EPOCH);
  const database = await open();
  const store = new HistoryStore(clock);
  store.attach(database);
  return { clock, database, store };
}

async function startsIn(store: HistoryStore, fromMs: number, toMs: number): Promise<number[]> {
  return valueOf(await store.range(fromMs, toMs)).chunks.map(({ startMs }) => startMs - EPOCH);
}

describe('HistoryStore with IndexedDB', () => {
  it('gives back exactly what it was given', async () => {
    const { store } = await rig();
    const written = chunk('a', EPOCH);
    valueOf(await store.append(written));
    expect(store).toMatchObject({ persistent: true, written: 1 });
    expect(valueOf(await store.range(EPOCH, EPOCH + 1000))).toEqual({ chunks: [written], skipped: 0 });
  });

  it('finds every chunk that overlaps the span, and no other', async () => {
    const { store } = await rig();
    for (const startMs of [0, 10_000, 20_000, 30_000])
      valueOf(await store.append(chunk('a', EPOCH + startMs)));
    expect(await startsIn(store, EPOCH + 10_000, EPOCH + 20_000)).toEqual([10_000]);
    expect(await startsIn(store, EPOCH + 9_999, EPOCH + 20_001)).toEqual([0, 10_000, 20_000]);
    expect(await startsIn(store, EPOCH + 40_000, EPOCH + 50_000)).toEqual([]);
    expect(await startsIn(store, 0, Number.POSITIVE_INFINITY)).toEqual([0, 10_000, 20_000, 30_000]);
  });

  it('is seen whole through the windows in which it is read', async () => {
    const { clock, store } = await rig();
    for (let startMs = 0; startMs < 5 * HOUR_MS; startMs += HOUR_MS / 2)
      valueOf(await store.append(chunk('a', EPOCH + startMs)));
    clock.advance(5 * HOUR_MS);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 5 * HOUR_MS }),
        fc.integer({ min: 1, max: 5 * HOUR_MS }),
        async (from, span) => {
          const expected: number[] = [];
          for (let startMs = 0; startMs < 5 * HOUR_MS; startMs += HOUR_MS / 2)
            if (startMs + 10_000 > from && startMs < from + span) expected.push(startMs);
          expect(await startsIn(store, EPOCH + from, EPOCH + from + span)).toEqual(expected);
        },
      ),
      { numRuns: 40, examples: [[HOUR_MS, HOUR_MS]] },
    );
  });

  it('does not tell a chunk twice that lies on the border of two windows', async () => {
    const { clock, store } = await rig();
    clock.advance(3 * HOUR_MS);
    valueOf(await store.append(chunk('a', EPOCH + HOUR_MS)));
    expect(await startsIn(store, EPOCH + 60_000, EPOCH + 3 * HOUR_MS)).toEqual([HOUR_MS]);
  });

  it('removes what is older than 48 hours, at most once a minute', async () => {
    const { clock, database, store } = await rig();
    valueOf(await store.append(chunk('a', EPOCH)));
    valueOf(await store.append(chunk('a', EPOCH + 10_000)));
    clock.advance(48 * HOUR_MS + 5000);
    valueOf(await store.append(chunk('a', clock.epochMs() - 10_000)));
    expect(await database.count('history')).toBe(2);
    clock.advance(10_000);
    valueOf(await store.append(chunk('a', clock.epochMs() - 10_000)));
    expect(await database.count('history')).toBe(3);
    clock.advance(50_000);
    valueOf(await store.append(chunk('a', clock.epochMs() - 10_000)));
    expect(await database.count('history')).toBe(3);
  });

  it('bounds one sweep and finishes in the next ones', async () => {
    const { clock, database, store } = await rig();
    const transaction = database.transaction('history', 'readwrite');
    for (let index = 0; index < 700; index += 1) {
      const old = chunk('old', EPOCH - 60 * HOUR_MS + index * 10_000);
      void transaction.store.put(old, old.id);
    }
    await transaction.done;
    valueOf(await store.append(chunk('a', EPOCH)));
    expect(await database.count('history')).toBe(201);
    clock.advance(60_000);
    valueOf(await store.append(chunk('a', EPOCH + 60_000)));
    expect(await database.count('history')).toBe(2);
  });

  it('skips and counts what does not parse, and leaves it where it is', async () => {
    const { database, store } = await rig();
    const good = chunk('a', EPOCH);
    valueOf(await store.append(good));
    const bad: unknown[] = [
      { ...good, version: 2 },
      { ...good, offsets: [1, 2] },
      { ...good, columns: ['tokens'] },
      { ...good, values: [new Float32Array(3), new Float32Array(2)] },
      { startMs: EPOCH },
    ];
    for (const [index, record] of bad.entries())
      await database.put('history', record, `bad/${String(index)}`);
    expect(valueOf(await store.range(EPOCH, EPOCH + 1))).toEqual({ chunks: [good], skipped: bad.length });
    expect(await database.count('history')).toBe(1 + bad.length);
  });

  it('keeps two tabs apart and shows both to each', async () => {
    const one = await rig();
    const other = new HistoryStore(one.clock);
    other.attach(await open());
    await Promise.all(
      [one.store, other].flatMap((store, tab) =>
        [0, 10_000, 20_000].map((offset) => store.append(chunk(`tab-${String(tab)}`, EPOCH + offset))),
      ),
    );
    for (const store of [one.store, other]) {
      const { chunks } = valueOf(await store.range(EPOCH, EPOCH + HOUR_MS));
      expect(chunks.map(({ id }) => id).sort()).toEqual(
        ['tab-0', 'tab-1'].flatMap((tab) =>
          [0, 10_000, 20_000].map((offset) => `${tab}/${String(EPOCH + offset)}`),
        ),
      );
      expect(chunks.map(({ startMs }) => startMs)).toEqual([...chunks].map(({ startMs }) => startMs).sort());
    }
  });

  it('says that a chunk was not stored, keeps it in memory, and loses nothing already shown', async () => {
    const { database, store } = await rig();
    valueOf(await store.append(chunk('a', EPOCH)));
    database.close();
    const refused = await store.append(chunk('a', EPOCH + 10_000));
    expect(refused).toMatchObject({ ok: false, error: { code: 'storage-failed' } });
    // The connection is closed for good: from here on the history lives in memory.
    expect(store.persistent).toBe(false);
    valueOf(await store.append(chunk('a', EPOCH + 20_000)));
    expect(await startsIn(store, EPOCH, EPOCH + HOUR_MS)).toEqual([10_000, 20_000]);
  });

  it('stays with its database when one write fails for another reason', async () => {
    const { store } = await rig();
    const uncloneable = { ...chunk('a', EPOCH), id: 'a/1', extra: () => undefined };
    expect(await store.append(uncloneable)).toMatchObject({ ok: false, error: { code: 'storage-failed' } });
    expect(store).toMatchObject({ persistent: true, written: 0 });
    valueOf(await store.append(chunk('a', EPOCH + 10_000)));
    expect(await startsIn(store, EPOCH, EPOCH + HOUR_MS)).toEqual([0, 10_000]);
  });
});

describe('HistoryStore in memory', () => {
  it('works without a database and says that nothing is kept', async () => {
    const store = new HistoryStore(new VirtualClock(0, EPOCH));
    valueOf(await store.append(chunk('a', EPOCH)));
    expect(store).toMatchObject({ persistent: false, written: 0 });
    expect(await startsIn(store, EPOCH, EPOCH + 1)).toEqual([0]);
  });

  it('keeps the last hour', async () => {
    const store = new HistoryStore(new VirtualClock(0, EPOCH));
    for (let index = 0; index < 400; index += 1)
      valueOf(await store.append(chunk('a', EPOCH + index * 10_000)));
    const starts = await startsIn(store, 0, EPOCH * 2);
    expect(starts).toHaveLength(360);
    expect(present(starts[0], 'start')).toBe(400_000);
  });

  it('shows what it had in memory beside what it stores later', async () => {
    const store = new HistoryStore(new VirtualClock(0, EPOCH));
    valueOf(await store.append(chunk('a', EPOCH)));
    store.attach(await open());
    valueOf(await store.append(chunk('a', EPOCH + 10_000)));
    expect(await startsIn(store, EPOCH, EPOCH + HOUR_MS)).toEqual([0, 10_000]);
  });
});
