import { describe, expect, it } from 'vitest';
import { PACING_LADDER } from '../../../src/optimizer/pacing-ladder.ts';
import { QualityScaler } from '../../../src/optimizer/quality-scaler.ts';
import type { decisionsOf } from './frame-plant.ts';
import { runPlant } from './frame-plant.ts';

const BUDGET_MS = 16;
const LAST = PACING_LADDER.length - 1;

/** Frames of so many refreshes each; returns the decisions. */
function feed(
  scaler: QualityScaler,
  refreshes: readonly number[],
  fromMs = 0,
): ReturnType<typeof decisionsOf> {
  let atMs = fromMs;
  return refreshes.flatMap((ratio) => {
    atMs += ratio * BUDGET_MS;
    const decision = scaler.onFrame(ratio * BUDGET_MS, BUDGET_MS, atMs);
    return decision === null ? [] : [decision];
  });
}

function active(): QualityScaler {
  const scaler = new QualityScaler();
  scaler.setActive(true);
  return scaler;
}

const calm = (frames: number): number[] => new Array<number>(frames).fill(1);
const over = (frames: number): number[] => new Array<number>(frames).fill(2);

describe('QualityScaler', () => {
  it('steps down at once after two frames in a row over 1.5 refreshes', () => {
    const scaler = active();
    expect(feed(scaler, [1, 1, 1.6, 1, 1.6])).toEqual([]);
    const [decision] = feed(scaler, [1.6], 100);
    expect(decision).toMatchObject({
      lever: 'stream-flush',
      fromLevel: 0,
      toLevel: 1,
      from: 16,
      to: 50,
      reason: 'over-budget',
      budgetMs: BUDGET_MS,
    });
    expect(scaler.pacing).toEqual({ flushIntervalMs: 50, decodeDelayMs: 0 });
  });

  it('panics no second time over frames that cannot have felt the first step yet', () => {
    const scaler = active();
    expect(feed(scaler, over(2))).toHaveLength(1);
    expect(feed(scaler, over(4), 100)).toEqual([]);
    expect(feed(scaler, over(1), 200)).toHaveLength(1);
  });

  it('steps down after two bad windows when frames are late without ever panicking', () => {
    const scaler = active();
    // Every other frame lasts two refreshes: a mean of 1.5, never two in a row.
    const alternating = Array.from({ length: 16 }, (_, index) => (index % 2 === 0 ? 2 : 1));
    expect(feed(scaler, alternating.slice(0, 15))).toEqual([]);
    expect(feed(scaler, [1], 400)).toHaveLength(1);
  });

  it('moves the text first, then the members, and stops at the end of the ladder', () => {
    const scaler = active();
    const decisions = feed(scaler, over(40));
    expect(decisions.map(({ lever, from, to }) => [lever, from, to])).toEqual([
      ['stream-flush', 16, 50],
      ['stream-flush', 50, 120],
      ['stream-flush', 120, 250],
      ['decode-pacing', 0, 2],
      ['decode-pacing', 2, 5],
      ['decode-pacing', 5, 10],
      ['decode-pacing', 10, 20],
    ]);
    expect(scaler.level).toBe(LAST);
  });

  it('goes up one step only after settling and eight good windows', () => {
    const scaler = active();
    feed(scaler, over(2));
    const decisions = feed(scaler, calm(8 + 8 * 8 - 1), 100);
    expect(decisions).toEqual([]);
    // The two late frames weigh on the smoothed interval for the first windows.
    const later = feed(scaler, calm(40), 2000);
    expect(later).toHaveLength(1);
    expect(later[0]).toMatchObject({ reason: 'recovered', fromLevel: 1, toLevel: 0 });
  });

  it('comes down faster than it goes up', () => {
    const share = (level: number, frame: number): number => (frame < 200 ? (level < 3 ? 0.5 : 0) : 0);
    const scaler = active();
    const frames = runPlant(scaler, { seed: 3, budgetMs: BUDGET_MS, missedShare: share }, 900);
    const down = frames.findIndex((frame) => frame.level === 3);
    const up = frames.findIndex((frame, index) => index > 200 && frame.level === 0);
    expect(down).toBeGreaterThan(0);
    expect(up - 200).toBeGreaterThan(2 * down);
  });

  it('rests in the dead band: neither good nor bad changes anything', () => {
    const scaler = active();
    feed(scaler, over(2));
    expect(feed(scaler, new Array<number>(2000).fill(1.08), 100)).toEqual([]);
    expect(scaler.level).toBe(1);
  });

  it('goes up for eight good windows in a row only: seven and an undecided one prove nothing', () => {
    const scaler = active();
    feed(scaler, over(2));
    feed(scaler, calm(8), 100);
    const round = [...calm(7 * 8), ...new Array<number>(8).fill(1.2)];
    for (let index = 1; index <= 20; index += 1) expect(feed(scaler, round, index * 1000)).toEqual([]);
  });

  it('is not driven down by frames while no member thinks, but recovers then', () => {
    const idle = new QualityScaler();
    expect(feed(idle, over(500))).toEqual([]);
    const scaler = active();
    feed(scaler, over(7));
    scaler.setActive(false);
    expect(feed(scaler, over(50), 100)).toEqual([]);
    feed(scaler, calm(400), 2000);
    expect(scaler.level).toBe(0);
  });

  it('does not count the late frames before the members began', () => {
    const scaler = new QualityScaler();
    feed(scaler, [1, 1, 2]);
    scaler.setActive(true);
    expect(feed(scaler, [2], 100)).toEqual([]);
    expect(feed(scaler, [2], 132)).toHaveLength(1);
  });

  it('takes one long hitch for one late frame', () => {
    const scaler = active();
    expect(feed(scaler, [...calm(20), 400, ...calm(200)])).toEqual([]);
  });

  it('ignores frames without a length or a budget', () => {
    const scaler = active();
    for (const bad of [0, -5, NaN]) {
      expect(scaler.onFrame(bad, BUDGET_MS, 1)).toBeNull();
      expect(scaler.onFrame(100, bad, 1)).toBeNull();
    }
    expect(scaler.view().frameMs).toBe(0);
  });

  it('judges against the measured refresh interval, not against 60 Hz', () => {
    const fast = active();
    let decided = 0;
    for (let index = 0; index < 100; index += 1)
      decided += Number(fast.onFrame(16.7, 8.33, index * 16.7) !== null);
    expect(decided).toBeGreaterThan(0);
    const slow = active();
    for (let index = 0; index < 500; index += 1) expect(slow.onFrame(33.3, 33.3, index * 33.3)).toBeNull();
  });
});

describe('QualityScaler at rest and when told', () => {
  it('is back at full quality when idle, one decision a lever', () => {
    const scaler = active();
    feed(scaler, over(27));
    expect(scaler.level).toBe(6);
    const decisions = scaler.onIdle();
    expect(
      decisions.map(({ lever, fromLevel, toLevel, from, to, reason }) => [
        lever,
        fromLevel,
        toLevel,
        from,
        to,
        reason,
      ]),
    ).toEqual([
      ['decode-pacing', 6, 3, 10, 0, 'idle'],
      ['stream-flush', 3, 0, 250, 16, 'idle'],
    ]);
    expect(scaler.onIdle()).toEqual([]);
    expect(scaler.level).toBe(0);
  });

  it('resumes where the last round ended, one lever a frame', () => {
    const scaler = active();
    feed(scaler, over(27));
    scaler.onIdle();
    expect(feed(scaler, calm(10), 1000)).toEqual([]);
    scaler.setActive(true);
    const resumed = feed(scaler, calm(3), 2000);
    expect(
      resumed.map(({ lever, fromLevel, toLevel, reason }) => [lever, fromLevel, toLevel, reason]),
    ).toEqual([
      ['stream-flush', 0, 3, 'resumed'],
      ['decode-pacing', 3, 6, 'resumed'],
    ]);
  });

  it('forgets after a minute', () => {
    const late = active();
    feed(late, over(27));
    late.onIdle();
    late.setActive(true);
    expect(feed(late, calm(3), 61_000)).toEqual([]);
  });

  it('adds up the evidence of short rounds, down and up again', () => {
    const rounds = active();
    const levels: number[] = [];
    // Rounds of 15 frames with two late ones each: one alone proves nothing.
    for (let round = 0; round < 40; round += 1) {
      const late = round < 8;
      const frames = Array.from({ length: 15 }, (_, frame) => (late && frame % 7 === 3 ? 2 : 1));
      rounds.setActive(true);
      feed(rounds, frames, round * 1000);
      levels.push(rounds.level);
      rounds.onIdle();
    }
    expect(levels[0]).toBe(0);
    expect(levels[7]).toBeGreaterThanOrEqual(1);
    expect(levels.at(-1)).toBeLessThan(Math.max(...levels));
    expect(rounds.level).toBe(0);
  });

  it('restores full quality when turned off and stays there', () => {
    const scaler = active();
    feed(scaler, over(7));
    expect(scaler.setEnabled(false)).toMatchObject([{ fromLevel: 2, toLevel: 0, reason: 'forced' }]);
    expect(feed(scaler, over(100), 1000)).toEqual([]);
    expect(scaler.view()).toMatchObject({ enabled: false, level: 0 });
    expect(scaler.setEnabled(false)).toEqual([]);
    expect(scaler.setEnabled(true)).toEqual([]);
    expect(feed(scaler, over(2), 5000)).toHaveLength(1);
  });

  it('shows what it sees and did', () => {
    const scaler = active();
    feed(scaler, [...calm(50), 2, 2]);
    expect(scaler.view()).toMatchObject({
      enabled: true,
      level: 1,
      levels: PACING_LADDER.length,
      label: 'Text every 50 ms',
      flushIntervalMs: 50,
      decodeDelayMs: 0,
      budgetMs: BUDGET_MS,
    });
    expect(scaler.view().frameMs).toBeCloseTo(1.19 * BUDGET_MS, 6);
    expect(scaler.view().decisions).toHaveLength(1);
  });

  it('keeps the newest fifty decisions', () => {
    const scaler = new QualityScaler();
    for (let round = 0; round < 60; round += 1) {
      scaler.setActive(true);
      feed(scaler, over(2), round * 100_000);
      scaler.onIdle();
    }
    const { decisions } = scaler.view();
    expect(decisions).toHaveLength(50);
    expect(decisions.at(-1)?.reason).toBe('idle');
  });
});
