import { beforeEach, describe, expect, it } from 'vitest';
import type { DownloadProgress } from '#contracts/download';
import { ProgressMeter } from '../../../../src/storage/download/progress-meter.ts';
import { VirtualClock } from '../../../fakes/virtual-clock.ts';

let clock: VirtualClock;
let told: (DownloadProgress & { atMs: number })[];
let meter: ProgressMeter;

beforeEach(() => {
  clock = new VirtualClock();
  told = [];
  meter = new ProgressMeter(clock, (progress) => told.push({ ...progress, atMs: clock.nowMs() }));
});

/** Bytes come every 10 ms. */
function receive(bytesPerSecond: number, forMs: number): void {
  for (let ms = 0; ms < forMs; ms += 10) {
    clock.advance(10);
    meter.transferred(bytesPerSecond / 100);
  }
}

describe('progress', () => {
  it('is told four times a second at most, however much happens', () => {
    meter.begin(1_000_000, 0);
    meter.open();
    receive(10_000, 10_000);
    expect(told.length).toBeGreaterThan(35);
    for (const [index, { atMs }] of told.entries()) {
      if (index > 0) expect(atMs - (told[index - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(250);
    }
  });

  it('says nothing of speed and time before it knows', () => {
    meter.begin(1_000_000, 0);
    meter.open();
    receive(10_000, 2_900);
    for (const { bytesPerSecond, leftMs } of told) expect([bytesPerSecond, leftMs]).toEqual([null, null]);
    receive(10_000, 1_000);
    const { bytesPerSecond, leftMs } = told.at(-1) ?? {};
    expect(bytesPerSecond).toBeGreaterThan(9_000);
    expect(bytesPerSecond).toBeLessThan(11_000);
    expect(leftMs).toBeCloseTo((1_000_000 * 1000) / (bytesPerSecond ?? 0), 0);
  });

  it('counts the chunks on their way into the store as here, for the time left', () => {
    meter.begin(1_000_000, 400_000);
    meter.open();
    meter.onTheWay(500_000);
    receive(10_000, 4_000);
    const { leftMs, bytesPerSecond, keptBytes } = told.at(-1) ?? {};
    expect(keptBytes).toBe(400_000);
    expect(leftMs).toBeCloseTo((100_000 * 1000) / (bytesPerSecond ?? 0), 0);
  });

  it('shows that a line has gone silent, and then falls silent itself', () => {
    meter.begin(1_000_000, 0);
    meter.open();
    receive(10_000, 5_000);
    clock.advance(3_500);
    expect(told.at(-1)).toMatchObject({ bytesPerSecond: 0, leftMs: null });
    expect(clock.pending).toBe(0);
  });

  it('knows no time left without a size', () => {
    meter.open();
    receive(10_000, 5_000);
    expect(told.at(-1)).toMatchObject({ sizeBytes: null, leftMs: null });
    expect(told.at(-1)?.bytesPerSecond).toBeGreaterThan(0);
  });

  it('says what it waits for only when nobody is at work, and forgets the speed then', () => {
    const wait = { for: 'server', reason: 'status', status: 429, untilEpochMs: 5 } as const;
    meter.begin(1_000_000, 0);
    const close = meter.open();
    receive(10_000, 4_000);
    meter.waits(wait);
    clock.advance(300);
    expect(told.at(-1)?.waiting).toBeNull();
    close();
    clock.advance(300);
    expect(told.at(-1)).toMatchObject({ waiting: wait, bytesPerSecond: null, leftMs: null });
    meter.waits(null);
    clock.advance(300);
    expect(told.at(-1)?.waiting).toBeNull();
  });

  it('tells the end at once, and nothing after it', () => {
    meter.begin(100, 0);
    meter.transferred(100);
    meter.kept(100);
    clock.advance(10);
    meter.close();
    expect(told.at(-1)).toMatchObject({ keptBytes: 100, transferredBytes: 100, leftMs: 0, waiting: null });
    const { length } = told;
    meter.transferred(5);
    clock.advance(10_000);
    expect(told.length).toBe(length);
    expect(clock.pending).toBe(0);
  });
});
