import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetricId, MetricWriter } from '#contracts/metrics';
import { FrameClock, type Frame, type FrameSource } from '../../../src/platform/frame-clock.ts';

/** Frames that come when told. `nowMs` moves on a little with every look, as a real clock does. */
class HandDrivenFrames implements FrameSource {
  isVisible = true;
  timeMs = 0;
  looks = 0;
  readonly #visibilityListeners = new Set<() => void>();
  #pending: { handle: number; onFrame: (atMs: number) => void } | null = null;
  #handles = 0;

  get requested(): boolean {
    return this.#pending !== null;
  }

  request(onFrame: (atMs: number) => void): number {
    expect(this.#pending, 'only one request at a time').toBeNull();
    this.#handles += 1;
    this.#pending = { handle: this.#handles, onFrame };
    return this.#handles;
  }

  cancel(handle: number): void {
    if (this.#pending?.handle === handle) this.#pending = null;
  }

  nowMs(): number {
    this.looks += 1;
    return this.timeMs + this.looks * 0.01;
  }

  visible(): boolean {
    return this.isVisible;
  }

  onVisibilityChange(listener: () => void): () => void {
    this.#visibilityListeners.add(listener);
    return () => this.#visibilityListeners.delete(listener);
  }

  setVisible(visible: boolean): void {
    this.isVisible = visible;
    for (const listener of this.#visibilityListeners) listener();
  }

  frame(afterMs: number): void {
    this.timeMs += afterMs;
    const pending = this.#pending;
    this.#pending = null;
    pending?.onFrame(this.timeMs);
  }

  frames(...intervals: number[]): void {
    for (const interval of intervals) this.frame(interval);
  }
}

class RecordingWriter implements MetricWriter {
  readonly calls: [string, MetricId, number][] = [];
  add(id: MetricId, delta: number): void {
    this.calls.push(['add', id, delta]);
  }
  set(id: MetricId, value: number): void {
    this.calls.push(['set', id, value]);
  }
  sum(id: MetricId): number {
    return this.calls.reduce((sum, [, name, value]) => (name === id ? sum + value : sum), 0);
  }
}

function started(): {
  source: HandDrivenFrames;
  clock: FrameClock;
  writer: RecordingWriter;
  faults: unknown[];
} {
  const source = new HandDrivenFrames();
  const writer = new RecordingWriter();
  const faults: unknown[] = [];
  const clock = new FrameClock(source, writer, (thrown) => faults.push(thrown));
  clock.start();
  source.frame(5);
  return { source, clock, writer, faults };
}

describe('FrameClock', () => {
  it('measures from the second frame on', () => {
    const { source, clock } = started();
    expect(clock.summarySince(0)).toEqual({ count: 0, p50: 0, p95: 0, p99: 0, longest: 0 });
    source.frames(16, 17, 50);
    expect(clock.summarySince(0)).toEqual({ count: 3, p50: 17, p95: 50, p99: 50, longest: 50 });
  });

  it('summarises by nearest rank what came since a mark', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 150 }),
        (before, after) => {
          const { source, clock } = started();
          source.frames(...before);
          const mark = clock.mark();
          source.frames(...after);
          const sorted = [...after].sort((a, b) => a - b);
          const rank = (share: number): number | undefined => sorted[Math.ceil(share * sorted.length) - 1];
          expect(clock.summarySince(mark)).toEqual({
            count: after.length,
            p50: rank(0.5),
            p95: rank(0.95),
            p99: rank(0.99),
            longest: sorted.at(-1),
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('counts every frame after its ring is full, and summarises the newest 20,000', () => {
    const { source, clock } = started();
    source.frame(900);
    for (let index = 0; index < 20_005; index += 1) source.frame(16);
    expect(clock.summarySince(0)).toMatchObject({ count: 20_006, longest: 16 });
  });

  it('writes frames, frames over budget, the interval and the budget', () => {
    const { source, writer } = started();
    for (let index = 0; index < 20; index += 1) source.frame(10);
    source.frames(15, 15.5, 40);
    expect(writer.sum('frames')).toBe(23);
    expect(writer.sum('framesOverBudget')).toBe(2);
    expect(writer.calls.slice(-4)).toEqual([
      ['add', 'frames', 1],
      ['add', 'framesOverBudget', 1],
      ['set', 'frameInterval', 40],
      ['set', 'frameBudget', 10],
    ]);
  });

  it('ignores hidden time and the first frame after it', () => {
    const { source, clock, writer } = started();
    source.frames(16, 16);
    source.setVisible(false);
    source.frames(1000, 60_000);
    source.setVisible(true);
    source.frames(30_000, 16);
    expect(clock.summarySince(0)).toMatchObject({ count: 3, longest: 16 });
    expect(writer.sum('frames')).toBe(3);
  });

  it('ignores hidden time of which no frame was told', () => {
    const { source, clock } = started();
    source.frame(16);
    source.setVisible(false);
    source.setVisible(true);
    source.frames(90_000, 16);
    expect(clock.summarySince(0)).toMatchObject({ count: 2, longest: 16 });
  });

  it('takes a repeated or backward time stamp for no frame, and loses no time over it', () => {
    const { source, clock } = started();
    source.frames(16, 0, -4, 20);
    expect(clock.summarySince(0)).toMatchObject({ count: 2, p50: 16, longest: 16 });
  });

  it('runs tasks in the order of subscription, each frame, until they leave', () => {
    const { source, clock } = started();
    const seen: string[] = [];
    const leaveA = clock.subscribe(({ intervalMs }) => seen.push(`a${String(intervalMs)}`));
    clock.subscribe(({ atMs }) => {
      seen.push(`b${String(atMs)}`);
      leaveA();
    });
    source.frames(10, 12);
    expect(seen).toEqual(['a10', 'b15', 'b27']);
  });

  it('gives every task the measured budget', () => {
    const { source, clock } = started();
    const budgets: number[] = [];
    clock.subscribe(({ budgetMs }) => budgets.push(budgetMs));
    for (let index = 0; index < 20; index += 1) source.frame(8);
    expect(clock.refreshMeasured).toBe(true);
    expect(clock.refreshIntervalMs).toBe(8);
    expect(budgets.at(-1)).toBe(8);
  });

  it('allocates nothing per frame: tasks get one and the same object', () => {
    const { source, clock } = started();
    const frames = new Set<Frame>();
    clock.subscribe((frame) => frames.add(frame));
    source.frames(16, 16, 16);
    expect(frames.size).toBe(1);
  });

  it('reports a task that throws and goes on with the others', () => {
    const { source, clock, faults } = started();
    let ran = 0;
    clock.subscribe(() => {
      throw new Error('task');
    });
    clock.subscribe(() => (ran += 1));
    source.frames(16, 16);
    expect(ran).toBe(2);
    expect(faults).toHaveLength(2);
    expect(source.requested).toBe(true);
  });

  it('keeps one request under way, ends with stop and starts afresh', () => {
    const { source, clock } = started();
    clock.start();
    source.frame(16);
    clock.stop();
    expect(source.requested).toBe(false);
    source.frame(500);
    clock.start();
    source.frames(500, 16);
    expect(clock.summarySince(0)).toMatchObject({ count: 2, longest: 16 });
  });

  it('may be stopped by a task', () => {
    const { source, clock } = started();
    clock.subscribe(() => {
      clock.stop();
    });
    source.frame(16);
    expect(source.requested).toBe(false);
  });

  it('burns time in every frame until told to end', () => {
    const { source, clock } = started();
    clock.burnPerFrame(1);
    source.frame(16);
    const looksBurning = source.looks;
    expect(looksBurning * 0.01).toBeGreaterThanOrEqual(1);
    clock.burnPerFrame(0);
    source.frame(16);
    expect(source.looks).toBe(looksBurning);
  });

  it('does not take its own burning, or thinking members, for a slower display', () => {
    for (const load of ['burn', 'busy']) {
      const { source, clock } = started();
      for (let index = 0; index < 20; index += 1) source.frame(16);
      if (load === 'burn') clock.burnPerFrame(0.1);
      else clock.setBusy(true);
      for (let index = 0; index < 60 * 40; index += 1) source.frame(32);
      expect(clock.refreshIntervalMs).toBe(16);
    }
  });
});
