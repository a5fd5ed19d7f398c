import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it } from 'vitest';
import { present } from '#kernel/assert';
import { err } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { METRIC_IDS, type MetricId } from '#contracts/metrics';
import {
  openWitanDatabase,
  type DatabaseEvents,
  type WitanDatabase,
} from '../../../../src/storage/database.ts';
import { boardMemory, MetricBoard } from '../../../../src/telemetry/metric-board.ts';
import { TelemetryHost } from '../../../../workers/telemetry/telemetry-host.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

const EPOCH = 1_700_000_000_000;

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.error.code);
  return outcome.value;
}

function of(values: readonly number[], id: MetricId): number {
  return present(values[METRIC_IDS.indexOf(id)], id);
}

type OpenDatabase = (events: DatabaseEvents) => Promise<Outcome<WitanDatabase>>;

function rig(openDatabase: OpenDatabase = openWitanDatabase): {
  clock: VirtualClock;
  host: TelemetryHost;
  board: MetricBoard;
} {
  const clock = new VirtualClock(0, EPOCH);
  const host = new TelemetryHost({ clock, openDatabase });
  return { clock, host, board: new MetricBoard(boardMemory(true)) };
}

const REFUSED: OpenDatabase = () =>
  Promise.resolve(err(failure('storage-unavailable', { reason: 'refused' })));

describe('TelemetryHost', () => {
  it('samples a shared board, keeps history and answers from it', async () => {
    const { clock, host, board } = rig();
    expect(valueOf(await host.start({ board: board.shared, session: 'tab' }))).toEqual({ persistent: true });
    for (let tick = 0; tick < 250; tick += 1) {
      board.add('tokens', 2);
      board.set('frameInterval', 17);
      clock.advance(100);
    }
    const recent = await host.recent(EPOCH + 24_800);
    expect(recent.map(({ atMs, values }) => [atMs - EPOCH, of(values, 'tokens')])).toEqual([
      [24_900, 2],
      [25_000, 2],
    ]);
    // The third chunk is not finished: history has it all the same.
    const points = valueOf(await host.history(EPOCH, EPOCH + 25_001, 100));
    expect(points).toHaveLength(26);
    expect(points.slice(1, 25).map(({ mean }) => of(mean, 'tokens'))).toEqual(new Array(24).fill(20));
    expect(await host.stats()).toEqual({
      samples: 250,
      missedTicks: 0,
      chunksWritten: 2,
      persistent: true,
      meanTickUs: 0,
    });
    await host.stop();
    expect(clock.pending).toBe(0);
  });

  it('writes what is buffered when it is told to, when the page hides and when it stops', async () => {
    const { clock, host, board } = rig();
    await host.start({ board: board.shared, session: 'tab' });
    clock.advance(500);
    valueOf(await host.flush());
    expect((await host.stats()).chunksWritten).toBe(1);
    clock.advance(500);
    await host.setVisible(false);
    expect((await host.stats()).chunksWritten).toBe(2);
    clock.advance(500);
    await host.stop();
    const later = rig();
    await later.host.start({ board: later.board.shared, session: 'next-visit' });
    const points = valueOf(await later.host.history(EPOCH, EPOCH + 2000, 10));
    expect(points.map(({ atMs }) => atMs - EPOCH)).toEqual([500, 1500]);
  });

  it('marks the samples of a hidden page', async () => {
    const { clock, host, board } = rig();
    await host.setVisible(false);
    await host.start({ board: board.shared, session: 'tab' });
    clock.advance(100);
    await host.setVisible(true);
    clock.advance(100);
    expect((await host.recent(0)).map(({ visible }) => visible)).toEqual([false, true]);
  });

  it('works from posted copies where memory is not shared', async () => {
    const { clock, host } = rig();
    const page = new MetricBoard(boardMemory(false));
    await host.start({ board: null, session: 'tab' });
    page.add('tokens', 5);
    page.set('frameInterval', 40);
    await host.offer(page.copy());
    clock.advance(100);
    page.add('tokens', 1);
    await host.offer(page.copy());
    clock.advance(100);
    const samples = await host.recent(0);
    expect(samples.map(({ values }) => [of(values, 'tokens'), of(values, 'frameInterval')])).toEqual([
      [5, 40],
      [1, 0],
    ]);
  });

  it('keeps history in memory where the browser keeps nothing', async () => {
    const { clock, host, board } = rig(REFUSED);
    expect(valueOf(await host.start({ board: board.shared, session: 'tab' }))).toEqual({ persistent: false });
    clock.advance(15_000);
    expect(valueOf(await host.history(EPOCH, EPOCH + 20_000, 100))).toHaveLength(16);
    expect(await host.stats()).toMatchObject({ samples: 150, chunksWritten: 0, persistent: false });
  });

  it('samples while the database is still opening, answers after three seconds, and takes a late one', async () => {
    let open: (database: Outcome<WitanDatabase>) => void = () => undefined;
    const { clock, host, board } = rig(() => new Promise((resolve) => (open = resolve)));
    const started = host.start({ board: board.shared, session: 'tab' });
    clock.advance(3000);
    expect(valueOf(await started)).toEqual({ persistent: false });
    expect((await host.stats()).samples).toBe(30);
    open(await openWitanDatabase({ onLost: () => undefined }));
    await host.recent(0);
    expect((await host.stats()).persistent).toBe(true);
    valueOf(await host.flush());
    expect((await host.stats()).chunksWritten).toBe(1);
  });

  it('goes on in memory when the browser takes the database away', async () => {
    let events: DatabaseEvents = { onLost: () => undefined };
    const { clock, host, board } = rig((given) => {
      events = given;
      return openWitanDatabase(given);
    });
    await host.start({ board: board.shared, session: 'tab' });
    events.onLost('closed-by-browser');
    clock.advance(1000);
    valueOf(await host.flush());
    expect(await host.stats()).toMatchObject({ samples: 10, chunksWritten: 0, persistent: false });
    expect(valueOf(await host.history(EPOCH, EPOCH + 5000, 10)).length).toBeGreaterThan(0);
  });

  it('answers before it was started, and starts only once', async () => {
    const { clock, host, board } = rig();
    expect(await host.recent(0)).toEqual([]);
    expect(await host.stats()).toMatchObject({ samples: 0, persistent: false });
    expect(valueOf(await host.history(EPOCH, EPOCH + 1000, 5))).toEqual([]);
    await host.start({ board: board.shared, session: 'tab' });
    await host.start({ board: board.shared, session: 'other' });
    clock.advance(1000);
    expect((await host.stats()).samples).toBe(10);
  });
});
