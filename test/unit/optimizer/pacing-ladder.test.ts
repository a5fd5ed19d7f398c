import { describe, expect, it } from 'vitest';
import { FULL_SPEED } from '#contracts/engine';
import { leverValue, PACING_LADDER } from '../../../src/optimizer/pacing-ladder.ts';

describe('PACING_LADDER', () => {
  it('begins at full speed and never gets faster on the way down', () => {
    expect(PACING_LADDER[0]).toMatchObject(FULL_SPEED);
    for (const [index, step] of PACING_LADDER.entries()) {
      const better = PACING_LADDER[index - 1];
      if (better === undefined) continue;
      expect(step.flushIntervalMs).toBeGreaterThanOrEqual(better.flushIntervalMs);
      expect(step.decodeDelayMs).toBeGreaterThanOrEqual(better.decodeDelayMs);
    }
  });

  it('moves one lever a step, all of the text before any of the members', () => {
    const moves = PACING_LADDER.slice(1).map((step, index) => {
      const better = PACING_LADDER[index] ?? PACING_LADDER[0];
      const flush = step.flushIntervalMs !== better.flushIntervalMs;
      const pause = step.decodeDelayMs !== better.decodeDelayMs;
      expect(flush).not.toBe(pause);
      return flush ? 'flush' : 'pause';
    });
    expect(moves).toEqual([...moves].sort());
  });

  it('names every step differently', () => {
    expect(new Set(PACING_LADDER.map((step) => step.label)).size).toBe(PACING_LADDER.length);
  });

  it('gives the value of each lever', () => {
    const step = PACING_LADDER.at(-1) ?? PACING_LADDER[0];
    expect(leverValue(step, 'stream-flush')).toBe(250);
    expect(leverValue(step, 'decode-pacing')).toBe(20);
  });
});
