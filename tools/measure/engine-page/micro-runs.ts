import { systemClock } from '#kernel/clock';
import { pause } from '#kernel/pause';
import type { MicroReport } from '#contracts/micro-bench';
import { microBench, reportOf } from '../../../test/browser/micro-bench-rig.ts';

const NEVER = new AbortController().signal;
/** What people notice, and what the browser calls a long task. */
const LONG_MS = 50;

/** What happened on the page meanwhile. */
export interface PageCalm {
  readonly durationMs: number;
  readonly frames: number;
  readonly longestFrameGapMs: number;
  /** Between two frames, longer than 50 ms: when, how long, and what was measured then. */
  readonly longGaps: readonly { readonly atMs: number; readonly gapMs: number; readonly during: string }[];
  /** Of the page's own thread, ms each. */
  readonly longTasksMs: readonly number[];
}

async function watched<T>(
  work: (during: (name: string) => void) => Promise<T>,
): Promise<{ readonly value: T; readonly calm: PageCalm }> {
  let current = '';
  const longTasksMs: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasksMs.push(duration);
  });
  observer.observe({ type: 'longtask' });
  const gaps: PageCalm['longGaps'][number][] = [];
  let lastMs = performance.now();
  const startMs = lastMs;
  const onFrame = (): void => {
    const nowMs = performance.now();
    gaps.push({ atMs: nowMs - startMs, gapMs: nowMs - lastMs, during: current });
    lastMs = nowMs;
    frame = requestAnimationFrame(onFrame);
  };
  let frame = requestAnimationFrame(onFrame);
  const value = await work((name) => {
    current = name;
  });
  cancelAnimationFrame(frame);
  observer.disconnect();
  const calm = {
    durationMs: performance.now() - startMs,
    frames: gaps.length,
    longestFrameGapMs: Math.max(0, ...gaps.map(({ gapMs }) => gapMs)),
    longGaps: gaps.filter(({ gapMs }) => gapMs > LONG_MS),
    longTasksMs,
  };
  return { value, calm };
}

export interface MicroRuns {
  readonly runs: readonly { readonly report: MicroReport; readonly calm: PageCalm }[];
  /** The same page, doing nothing, for as long as the first run took. */
  readonly idle: PageCalm;
  /** From the moment when it was stopped until it said so, ms; stopped after the times of `STOP_AFTER_MS`. */
  readonly stopsMs: readonly number[];
}

/** In the making of workers, in warm-ups, and in visits. */
const STOP_AFTER_MS = [50, 200, 700, 1_500, 3_000];
/** A page that was just opened is still busy with itself. */
const SETTLE_MS = 1_000;

/** Measures the device several times in a row. */
export async function microRuns(runs: number, allowFallback: boolean): Promise<MicroRuns> {
  const { bench } = microBench({ allowFallback });
  await pause(systemClock, NEVER, SETTLE_MS);
  const done: MicroRuns['runs'][number][] = [];
  for (let run = 0; run < runs; run += 1) {
    const { value, calm } = await watched((during) =>
      bench.run(NEVER, ({ name }) => {
        during(name);
      }),
    );
    done.push({ report: reportOf(value), calm });
  }
  const idleMs = done[0]?.calm.durationMs ?? 0;
  const { calm: idle } = await watched(() => pause(systemClock, NEVER, idleMs));
  const stopsMs: number[] = [];
  for (const afterMs of STOP_AFTER_MS) {
    const stop = new AbortController();
    const stopped = bench.run(stop.signal, () => undefined);
    await pause(systemClock, NEVER, afterMs);
    const startMs = performance.now();
    stop.abort();
    await stopped;
    stopsMs.push(performance.now() - startMs);
  }
  return { runs: done, idle, stopsMs };
}
