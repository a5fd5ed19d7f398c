import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '#kernel/clock';
import { ok } from '#kernel/result';
import { failure, type Outcome } from '#contracts/errors';
import { METRIC_IDS, type MetricId, type MetricSample } from '#contracts/metrics';
import type { TelemetryWorkerApi } from '#contracts/telemetry';
import type { WorkerHandle } from '#contracts/worker-handle';
import { FrameClock, pageFrames } from '../../src/platform/frame-clock.ts';
import { WORKER_SCRIPTS } from '../../src/platform/worker-scripts.ts';
import { WorkerSupervisor } from '../../src/platform/worker-supervisor.ts';
import { boardMemory, MetricBoard } from '../../src/telemetry/metric-board.ts';

const DEADLINE_MS = 20_000;
/** Generous: these tests run on machines that are busy with other things. Nothing here asserts a time. */
const WAIT = { timeout: 20_000, interval: 50 };

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function startWorker(): WorkerHandle<TelemetryWorkerApi> {
  const worker = new WorkerSupervisor(systemClock).start<TelemetryWorkerApi>(
    'telemetry',
    WORKER_SCRIPTS.telemetry,
  );
  ends.push(() => {
    worker.terminate(failure('cancelled'));
  });
  return worker;
}

function startFrames(board: MetricBoard): FrameClock {
  const frames = new FrameClock(pageFrames(), board);
  frames.start();
  ends.push(() => {
    frames.stop();
  });
  return frames;
}

async function value<T>(outcome: Promise<Outcome<T>>): Promise<T> {
  const settled = await outcome;
  if (!settled.ok) throw new Error(`${settled.error.code}: ${String(settled.error.cause)}`);
  return settled.value;
}

function recent(worker: WorkerHandle<TelemetryWorkerApi>): Promise<readonly MetricSample[]> {
  return value(worker.call(DEADLINE_MS, async (api) => ok(await api.recent(0))));
}

function total(samples: readonly MetricSample[], id: MetricId): number {
  return samples.reduce((sum, sample) => sum + (sample.values[METRIC_IDS.indexOf(id)] ?? 0), 0);
}

describe('the measuring loop in a real browser', () => {
  it('measures frames on the page and samples them in the worker through shared memory', async () => {
    const board = new MetricBoard(boardMemory(crossOriginIsolated));
    expect(board.shared).not.toBeNull();
    const worker = startWorker();
    const session = crypto.randomUUID();
    const started = await value(
      worker.call(DEADLINE_MS, (api) => api.start({ board: board.shared, session })),
    );
    expect(started.persistent).toBe(true);
    const frames = startFrames(board);
    await vi.waitFor(() => {
      expect(frames.refreshMeasured).toBe(true);
    }, WAIT);
    expect(frames.refreshIntervalMs).toBeGreaterThanOrEqual(2);
    expect(frames.refreshIntervalMs).toBeLessThanOrEqual(50);
    board.add('tokens', 11);
    frames.stop();
    const painted = frames.summarySince(0);
    // Every frame that the page counted arrives, none twice.
    const samples = await vi.waitFor(async () => {
      const seen = await recent(worker);
      expect(total(seen, 'frames')).toBe(painted.count);
      expect(total(seen, 'tokens')).toBe(11);
      return seen;
    }, WAIT);
    const peaks = samples.map((sample) => sample.values[METRIC_IDS.indexOf('frameInterval')] ?? 0);
    expect(Math.max(...peaks)).toBeCloseTo(painted.longest, 2);
  });

  it('stores history that the next visit finds', async () => {
    const fromMs = Date.now();
    const board = new MetricBoard(boardMemory(crossOriginIsolated));
    const first = startWorker();
    const session = crypto.randomUUID();
    await value(first.call(DEADLINE_MS, (api) => api.start({ board: board.shared, session })));
    board.add('rounds', 3);
    await vi.waitFor(async () => {
      expect(total(await recent(first), 'rounds')).toBe(3);
    }, WAIT);
    await value(first.call(DEADLINE_MS, async (api) => ok(await api.stop())));
    first.terminate(failure('cancelled'));

    const second = startWorker();
    await value(
      second.call(DEADLINE_MS, (api) => api.start({ board: board.shared, session: crypto.randomUUID() })),
    );
    const points = await value(
      second.call(DEADLINE_MS, (api) => api.history(fromMs, Date.now() + 1000, 500)),
    );
    const rounds = points.map((point) => point.max[METRIC_IDS.indexOf('rounds')] ?? 0);
    expect(Math.max(...rounds)).toBeGreaterThan(0);
  });

  it('takes posted copies where memory is not shared', async () => {
    const page = new MetricBoard(boardMemory(false));
    const worker = startWorker();
    await value(worker.call(DEADLINE_MS, (api) => api.start({ board: null, session: crypto.randomUUID() })));
    page.add('errors', 2);
    page.set('membersReady', 3);
    await value(worker.call(DEADLINE_MS, async (api) => ok(await api.offer(page.copy()))));
    await vi.waitFor(async () => {
      const samples = await recent(worker);
      expect(total(samples, 'errors')).toBe(2);
      expect(samples.at(-1)?.values[METRIC_IDS.indexOf('membersReady')]).toBe(3);
    }, WAIT);
  });

  it('feels the load that the test hook makes', async () => {
    const board = new MetricBoard(boardMemory(crossOriginIsolated));
    const frames = startFrames(board);
    await vi.waitFor(() => {
      expect(frames.refreshMeasured).toBe(true);
    }, WAIT);
    const refreshMs = frames.refreshIntervalMs;
    frames.burnPerFrame(4 * refreshMs);
    const mark = frames.mark();
    await vi.waitFor(() => {
      expect(frames.summarySince(mark).count).toBeGreaterThanOrEqual(5);
    }, WAIT);
    frames.burnPerFrame(0);
    // A frame whose script runs for four refreshes cannot be followed by another within two.
    expect(frames.summarySince(mark).p50).toBeGreaterThan(2 * refreshMs);
    expect(frames.refreshIntervalMs).toBeLessThanOrEqual(refreshMs);
  });
});
